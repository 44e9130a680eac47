"""What a WSGI server runs: `gunicorn gradatim.web.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gradatim.web.settings")
application = get_wsgi_application()
