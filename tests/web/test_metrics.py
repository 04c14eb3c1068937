"""GET /metrics: counts that are right, and labels that say nothing of anybody."""

from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from tests.web.conftest import Served

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def samples(client: TestClient) -> Samples:
    answer = client.get("/api/v1/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def of(found: Samples, name: str, **labels: str) -> float:
    return found[name, frozenset(labels.items())]


def test_requests_are_counted_by_route_and_status(api: TestClient, served: Served) -> None:
    image = served.id_of("blue.png")
    api.get(f"/api/v1/images/{image}")
    api.get(f"/api/v1/images/{image}")
    api.get("/api/v1/images/999999")
    api.get("/api/v1/no/such/route")
    api.request("BREW", "/api/v1/health")
    found = samples(api)
    route = "/images/{image_id}"
    assert of(found, "search_http_requests_total", method="GET", route=route, status="200") == 2
    assert of(found, "search_http_requests_total", method="GET", route=route, status="404") == 1
    assert of(found, "search_http_seconds_count", method="GET", route=route) == 3
    assert of(found, "search_http_requests_total", method="other", route="/health", status="405") == 1
    said = {value for _, labels in found for name, value in labels if name == "route"}
    assert not any("such" in one or str(image) in one for one in said)


def test_nothing_of_what_was_asked_is_in_it(standing_api: TestClient, standing: Served) -> None:
    standing_api.post("/api/v1/search", json={"text": "redsecretword", "filters": {"folders": [str(standing.photos)]}})
    text = standing_api.get("/api/v1/metrics").text
    assert "redsecretword" not in text
    assert str(standing.photos) not in text


def test_the_library_and_the_process(standing_api: TestClient) -> None:
    found = samples(standing_api)
    assert of(found, "search_library_pictures", state="indexed") == 6
    assert of(found, "search_library_bytes", part="vectors") > 0
    assert of(found, "process_resident_memory_bytes") > 1_000_000


def test_it_is_the_owners(standing_visitor: TestClient) -> None:
    assert standing_visitor.get("/api/v1/metrics").status_code == 403
