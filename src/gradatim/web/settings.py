"""Django's settings. What differs between installations comes from the environment."""

import os
from datetime import timedelta
from pathlib import Path

from csp.constants import NONE, SELF

from gradatim.web.configuration import configuration
from gradatim.web.database import django_database

HERE = Path(__file__).parent
CONFIGURATION = configuration(os.environ)
DEMO = CONFIGURATION.demo
PLAIN_HTTP = DEMO or os.environ.get("GRADATIM_PLAIN_HTTP") == "1"
"""Only on loopback: without HTTPS cookies cannot be kept to it."""

SECRET_KEY = CONFIGURATION.secret
SECRET_KEY_FALLBACKS = [CONFIGURATION.earlier] if CONFIGURATION.earlier else []
ALLOWED_HOSTS = list(CONFIGURATION.hosts)
DEBUG = False
ROOT_URLCONF = "gradatim.web.urls"
WSGI_APPLICATION = "gradatim.web.wsgi.application"
DATABASES = {
    "default": django_database(CONFIGURATION.database, CONFIGURATION.database_seconds),
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LEDGER_URL = CONFIGURATION.database
DATABASE_SECONDS = CONFIGURATION.database_seconds
CLIENT_SECONDS = CONFIGURATION.client_seconds
LEDGER_TRIAL = CONFIGURATION.trial
KEYS_FOLDER = CONFIGURATION.keys
SEALING_FOLDER = CONFIGURATION.sealing
PRESCREEN = CONFIGURATION.prescreen
SECOND_FACTOR_REQUIRED = not DEMO
REQUESTS_PER_MINUTE = CONFIGURATION.requests
WRITES_PER_MINUTE = CONFIGURATION.writes
BREACHED_PASSWORDS = CONFIGURATION.breached
TRANSLATIONS = CONFIGURATION.translations
VOCABULARY = CONFIGURATION.vocabulary
DICTIONARIES = CONFIGURATION.dictionaries

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "axes",
    "csp",
    "gradatim.web",
    "gradatim.web.accounts",
]
MIDDLEWARE = [
    "gradatim.web.middleware.log_request",
    "csp.middleware.CSPMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "gradatim.web.middleware.refuse_methods",
    "gradatim.web.api.require_https.refuse_plain_http",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "gradatim.web.middleware.headers",
    "gradatim.web.rate_limit_middleware.limit_requests",
    "gradatim.web.accounts.middleware.limit_session",
    "gradatim.web.trial_middleware.open_trial",
    "gradatim.web.as_of_middleware.look_back",
    "gradatim.web.trial_middleware.explain_unusable",
    "axes.middleware.AxesMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "gradatim.web.context_processors.everywhere",
                "gradatim.web.accounts.views.session_status.staying",
            ],
            "builtins": ["gradatim.web.templatetags.words"],
        },
    }
]

FORM_RENDERER = "gradatim.web.forms.renderer.Renderer"

# --- who somebody is -----------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
SIGNING_KEY_COST = (2, 102_400, 8)
"""Of `accounts.signing_keys.Cost`: as Django's hasher of passwords."""
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "gradatim.web.accounts.passwords.LongEnough"},
    {"NAME": "gradatim.web.accounts.passwords.NotBreached"},
    {"NAME": "gradatim.web.accounts.passwords.NotOfTheContext"},
]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "overview"
LOGOUT_REDIRECT_URL = "sign-in"
OTP_TOTP_ISSUER = "gradatim"
AXES_HANDLER = "gradatim.web.accounts.attempts.FailureHandler"
AXES_FAILURE_LIMIT = 1  # of the limits that the handler asks, one is enough
AXES_COOLOFF_TIME = timedelta(days=1)  # so long failures count, and are kept
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_LOCKOUT_PARAMETERS = "gradatim.web.accounts.attempts.counted_together"
AXES_USERNAME_CALLABLE = "gradatim.web.accounts.attempts.counted_name"
AXES_DISABLE_ACCESS_LOG = True  # who signed in is an act of the account
AXES_LOCKOUT_CALLABLE = "gradatim.web.accounts.lockout.locked_out"
AXES_RESET_ON_SUCCESS = False  # forgotten when every factor was shown: accounts.sessions
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
AXES_CLIENT_IP_CALLABLE = "gradatim.web.accounts.attempts.counted_address"

# --- sessions, cookies, headers --------------------------------------------------

SESSION_ENGINE = "gradatim.web.accounts.stored_sessions"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_IDLE_SECONDS = 30 * 60
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_NAME = "sessionid" if PLAIN_HTTP else "__Host-sessionid"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = not PLAIN_HTTP
SESSION_COOKIE_SAMESITE = "Lax"
THEME_COOKIE_NAME = "theme" if PLAIN_HTTP else "__Host-theme"
CSRF_COOKIE_NAME = "csrftoken" if PLAIN_HTTP else "__Host-csrftoken"
CSRF_COOKIE_SECURE = not PLAIN_HTTP
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
CSRF_FAILURE_VIEW = "gradatim.web.views.faults.forged"
SECURE_SSL_REDIRECT = not PLAIN_HTTP
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^api/"]  # programs: api.plain refuses them
SECURE_HSTS_SECONDS = 0 if PLAIN_HTTP else 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = not PLAIN_HTTP
SECURE_HSTS_PRELOAD = not PLAIN_HTTP
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if CONFIGURATION.proxied else None
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 10_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000
FILE_UPLOAD_MAX_MEMORY_SIZE = 10_000_000

# --- words, times, files ----------------------------------------------------------

USE_I18N = True
USE_TZ = True
TIME_ZONE = CONFIGURATION.zone
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
LOCALE_PATHS = [HERE / "locale"]
STATIC_URL = "/static/"
STATICFILES_DIRS = [("vega", HERE.parent / "reports" / "vega")]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
WHITENOISE_ALLOW_ALL_ORIGINS = False
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "gradatim.web.logs.Json"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {"django.request": {"level": "ERROR"}, "axes": {"level": "WARNING"}},
}
SILENCED_SYSTEM_CHECKS: list[str] = []
