use super::*;
use crate::receive::AllowedOrigins;

fn door(origins: &[&str]) -> Router {
    let origins = origins.iter().map(|origin| (*origin).to_owned());
    let cors = AllowedOrigins::new(origins, "x-team", "x-seen", 600).unwrap();
    let settings = IntakeSettings {
        cors,
        ..IntakeSettings::default()
    };
    Door::new(settings).http()
}

fn preflight(origin: &str) -> Request<Body> {
    let request = Request::options("/v1/traces").header("origin", origin);
    let request = request.header("access-control-request-method", "POST");
    request.body(Body::empty()).unwrap()
}

const ORIGINS: &[&str] = &[
    "https://shop.example.com",
    "https://*.example.org",
    "https://a*b*c",
];

#[tokio::test]
async fn listed_origins_may_send_and_read_the_answer() {
    for origin in [
        "https://shop.example.com",
        "https://x.y.example.org",
        "https://SHOP.example.com",
        "https://a1b2c",
    ] {
        let (status, headers, _) = answer(door(ORIGINS), preflight(origin)).await;
        assert_eq!(status, StatusCode::NO_CONTENT, "{origin}");
        assert_eq!(headers["access-control-allow-origin"], origin);
        assert_eq!(headers["access-control-allow-methods"], "POST");
        assert_eq!(
            headers["access-control-allow-headers"],
            "content-type,content-encoding,x-requested-with,x-team"
        );
        assert_eq!(headers["access-control-max-age"], "600");
        assert_eq!(headers.get_all("vary").iter().count(), 2);
        let request = post("/v1/traces", &[JSON, ("origin", origin)], json_text(&[1]));
        let (status, headers, _) = answer(door(ORIGINS), request).await;
        assert_eq!(status, 200);
        assert_eq!(headers["access-control-allow-origin"], origin);
        assert_eq!(headers["access-control-expose-headers"], "x-seen");
        // Errors too, or the page cannot read them.
        let request = post("/v1/traces", &[JSON, ("origin", origin)], "{");
        let (status, headers, _) = answer(door(ORIGINS), request).await;
        assert_eq!(status, 400);
        assert_eq!(headers["access-control-allow-origin"], origin);
    }
}

#[tokio::test]
async fn foreign_origins_are_refused() {
    let origins = [
        "https://evil.example",
        "https://example.org",
        "null",
        "https://shop.example.com.evil",
        "http://localhost@evil.example",
        "http://127.0.0.1.evil.example",
        "https://ac",
    ];
    for origin in origins {
        for allowed in [ORIGINS, &[]] {
            let request = post("/v1/traces", &[JSON, ("origin", origin)], json_text(&[1]));
            let (status, headers, _) = answer(door(allowed), request).await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{origin}");
            assert!(!headers.contains_key("access-control-allow-origin"));
            assert_eq!(
                answer(door(allowed), preflight(origin)).await.0,
                StatusCode::FORBIDDEN
            );
        }
    }
}

#[tokio::test]
async fn pages_of_this_machine_may_send() {
    for origin in [
        "http://localhost:3000",
        "http://app.localhost",
        "https://127.0.0.1",
        "http://[::1]:80",
    ] {
        let request = post("/v1/traces", &[JSON, ("origin", origin)], json_text(&[1]));
        let (status, headers, _) = answer(door(&[]), request).await;
        assert_eq!(status, 200, "{origin}");
        assert!(!headers.contains_key("access-control-allow-origin"));
        // No preflight without configuration.
        assert_eq!(
            answer(door(&[]), preflight(origin)).await.0,
            StatusCode::METHOD_NOT_ALLOWED
        );
    }
}

#[tokio::test]
async fn without_an_origin_there_are_no_headers() {
    let (_, headers, _) = answer(door(ORIGINS), post("/v1/traces", &[JSON], json_text(&[1]))).await;
    assert!(
        headers
            .keys()
            .all(|name| !name.as_str().starts_with("access-control"))
    );
}
