"""One settings module for every place it runs; what differs comes from the environment (config/environment.py)."""

import os
from pathlib import Path

from corsheaders.defaults import default_headers

from config import environment
from config.artifacts import artifacts_folder, artifacts_storage
from config.staff import unfold_settings

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = environment.var_folder(BASE_DIR / "var")

WEB_PROCESS = environment.web_process()  # behind which somebody waits: it fetches nothing that takes long

SECRET_KEY = environment.secret_key(VAR_DIR, may_make=not WEB_PROCESS)
os.environ["SECRET_KEY"] = SECRET_KEY  # for the processes that this one starts, whatever becomes of the file
SECRET_KEY_FALLBACKS = environment.secret_key_fallbacks()
SECRET_KEY_FILE = environment.secret_key_file(VAR_DIR, SECRET_KEY)
DEBUG = environment.flag("DEBUG", default=False)
ALLOWED_HOSTS = environment.hosts("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = environment.origins("CSRF_TRUSTED_ORIGINS")
DEMO = environment.flag("EPICML_DEMO", default=True)

INSTALLED_APPS = [
    *(["demo"] if DEMO else []),
    "apps.platform",  # before unfold: its templates override unfold's
    "apps.jobs",
    "apps.catalog",
    "apps.readers",
    "apps.events",
    "apps.releases",
    "apps.search",
    "apps.recommendations",
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "axes",
    "corsheaders",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]
DISPENSABLE_APPS = ["demo"]  # where they are not installed, a restore does without their tables

MIDDLEWARE = [
    "apps.platform.api.middleware.RequestMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "apps.platform.api.middleware.HealthMiddleware",
    "apps.platform.api.middleware.StaffQueryMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "apps.platform.pages.middleware.PageSessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "apps.platform.pages.middleware.PageAuthenticationMiddleware",
    "apps.platform.pages.middleware.PageMessageMiddleware",
    "apps.platform.pages.login.LoginMiddleware",
    "axes.middleware.AxesMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "libraries": {"epicml": "apps.platform.pages.tags", "releases": "apps.releases.pages.tags"},
        },
    },
]

DATABASES = {"default": environment.database(VAR_DIR / "epicml.sqlite3")}
ELASTICSEARCH_URL = environment.url("ELASTICSEARCH_URL", ("http", "https"))
REDIS_URL = environment.url("REDIS_URL", ("redis", "rediss", "unix"))
# Indexes and models: a folder, or object storage, of which the same folder then holds this machine's copies.
ARTIFACTS_URL = environment.artifacts_address()
ARTIFACTS_DIR = artifacts_folder(ARTIFACTS_URL, default=VAR_DIR / "artifacts")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    "artifacts": artifacts_storage(ARTIFACTS_URL),
}

REDIS_SECONDS = 0.25  # what a request may wait for the cache, once: then the database counts instead
CACHES = {"default": environment.cache(REDIS_URL, seconds=REDIS_SECONDS)}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
PASSWORD_HASHERS = ["apps.platform.services.passwords.OneAtATimeHasher"]
AUTHENTICATION_BACKENDS = ["apps.platform.pages.login.StaffBackend"]
# How often one may try is decided by apps/platform/services/login_locks.py; axes asks it, and keeps nothing of its own.
AXES_HANDLER = "apps.platform.pages.login.LoginHandler"
AXES_LOCKOUT_CALLABLE = "apps.platform.pages.login.locked_page"
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = AXES_VERBOSE = False

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True
FORMAT_MODULE_PATH = "config.formats"

STATIC_URL = "static/"
STATIC_ROOT = environment.made_folder(
    VAR_DIR / "static"
)  # empty until collectstatic; whitenoise warns when it is not there
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True  # one machine: no collectstatic step is needed before the first request

DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576  # a body of 1 MiB; larger ones are answered 413
EPICML_JOB_POLL_SECONDS = 0.1
EPICML_LISTS_FLUSH_SECONDS = 0.5  # what a killed process served since is lost; None: stored when somebody says so
# How long what readers did is kept: two school years and the month after, to see a second autumn, and no longer.
EVENTS_KEPT_DAYS = environment.number("EVENTS_KEPT_DAYS", 761, low=30, high=36_500)
# What they were shown: a season, which is longer than any experiment runs. The facts of what they did outlive it.
LISTS_KEPT_DAYS = environment.number("LISTS_KEPT_DAYS", 90, low=1, high=36_500)
# What they typed while suggestions were shown: children type names. Long enough to see what was not found.
SESSIONS_KEPT_DAYS = environment.number("SESSIONS_KEPT_DAYS", 30, low=1, high=36_500)
# A Celery worker that is stopped goes on for this long: less than its machine waits (110 s in our Kubernetes files),
# with room to give back what is left.
CELERY_GRACE_SECONDS = environment.number("CELERY_GRACE_SECONDS", 90, low=1, high=3600)

# HTTPS=1 says that clients come by HTTPS: cookies and redirects then insist on it, and browsers are told to.
HTTPS = environment.flag("HTTPS", default=False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = environment.number("HSTS_SECONDS", 31_536_000 if HTTPS else 0, low=0, high=63_072_000)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^health/", r"^metrics$"]  # asked from inside, past the proxy
SCRAPE_TOKEN = environment.text("SCRAPE_TOKEN")  # with it, Prometheus may read /metrics

# Requests per minute: of a server key, of a public key from one address, and of one address without a key.
THROTTLE_SERVER = environment.number("THROTTLE_SERVER", 60_000, low=1, high=10_000_000)
THROTTLE_PUBLIC = environment.number("THROTTLE_PUBLIC", 600, low=1, high=10_000_000)
THROTTLE_ANONYMOUS = environment.number("THROTTLE_ANONYMOUS", 120, low=1, high=10_000_000)
# Events per minute, each of a batch counted: through a public key from one address, and of one reader in all.
THROTTLE_PUBLIC_EVENTS = environment.number("THROTTLE_PUBLIC_EVENTS", 1200, low=1, high=10_000_000)
THROTTLE_READER_EVENTS = environment.number("THROTTLE_READER_EVENTS", 120, low=1, high=10_000_000)
# How many proxies stand before this server. With 0, X-Forwarded-For is what a client says of itself, and not believed.
NUM_PROXIES = environment.number("NUM_PROXIES", 0, low=0, high=10)
if NUM_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# Browsers may call the API from the pages of public keys (apps/platform/api/cors.py), and nothing else from anywhere.
CORS_URLS_REGEX = r"^/api/v1/"
CORS_ALLOW_HEADERS = [*default_headers, "x-reader-token"]
CORS_EXPOSE_HEADERS = ["Retry-After", "X-Request-Id"]
CORS_PREFLIGHT_MAX_AGE = 600

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["apps.platform.api.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["apps.platform.api.permissions.HasScope"],
    "DEFAULT_THROTTLE_CLASSES": ["apps.platform.api.throttling.KeyThrottle"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "apps.platform.api.schema.ApiSchema",
    "EXCEPTION_HANDLER": "apps.platform.api.errors.exception_handler",
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,  # ?format= is no field of any operation
}
API_DESCRIPTION = """Search, suggestions and recommendations for a children's library.

* PUT replaces, PATCH merges, POST adds and merges: what it leaves out stays.
* Bodies are JSON of up to 1 MiB, whatever their Content-Type says. Blanks around free text are cut off.
* A parameter or field that is not described here is refused, and so is one with a single value that is sent twice.
* 400 says that a value is not as described here; 409 that each is, but they do not go together or with what is stored.
* In a batch each item is answered for itself: one that is not as described is refused, and stops no other.
* Moments are ISO 8601 with their zone, and answered in UTC. Text is counted in Unicode code points.
* With a public key a reader counts only by a token, which a server gets at POST /api/v1/readers/{key}/tokens and a
  page sends in X-Reader-Token; no answer is above the highest band of the key. A token that is not good is answered
  401 with the code reader_token_expired or reader_token_invalid: get a new one.
* A method that a path does not have is answered 405 in the shape of every error, with Allow; OPTIONS is answered 204,
  what a browser asks before a request of another page 200, both without a body.
* Every answer carries X-Request-Id, under which the log has it.
"""
SPECTACULAR_SETTINGS = {
    "TITLE": "epicml",
    "DESCRIPTION": API_DESCRIPTION,
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "COMPONENT_SPLIT_PATCH": False,  # what a PATCH needs and what it may leave out is said field by field
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    # Choices other than the age bands stay where they are used, without names.
    "POSTPROCESSING_HOOKS": [
        "apps.platform.api.schema.name_shared_shapes",
        "apps.platform.api.schema.shut_requests",
    ],
}
UNFOLD = unfold_settings(demo=DEMO)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "apps.platform.services.logs.RequestIdFilter"}},
    "formatters": {
        "line": {
            "()": "apps.platform.services.logs.LineFormatter",
            "format": "{asctime} {levelname} {request_id} {name}: {message}",
            "style": "{",
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["request_id"]}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "apps": {"level": "INFO"},
        # Django's own handlers mail administrators; what clients do wrong (4xx) is in the metrics, not in the log.
        "django": {"handlers": [], "level": "WARNING"},
        "django.request": {"level": "ERROR"},
        # These two have handlers of their own, which write addresses and exceptions as they came.
        "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
        "_granian": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        "axes": {"level": "CRITICAL"},  # its lines name who tried and from where: the audit has that, for a time
    },
}
