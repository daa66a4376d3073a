"""What is known where no other mistake was found: that it failed, and where to look. Looked through last of all."""

from __future__ import annotations

from workshop.mistakes.mistake import mistake
from workshop.runtimes.healthtest import HealthTest


@mistake(example={"health_test": HealthTest(1, "", service="redis", place="docker-compose.yml, line 19")})
def service_never_healthy(health_test):
    """{place}: `{service}` does not become healthy, so what waits for it never starts."""
    return health_test.failed and health_test.service and {"place": health_test.place, "service": health_test.service}


@mistake(example={"health_test": HealthTest(1, "")})
def health_test_fails(health_test):
    """The health test fails. Exit code 0 means healthy, 1 unhealthy. The report shows what the test printed."""
    return health_test.failed and not health_test.service
