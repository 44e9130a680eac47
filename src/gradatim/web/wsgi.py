"""What a WSGI server runs: `gradatim serve`, or another by the name `gradatim.web.wsgi`.

Another server has to load it before it forks, and to start workers that are processes.
"""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gradatim.web.settings")

from gradatim.web.operations.application import load_application

application = load_application()
