//! A browser is no AWS client: a foreign `Origin` is refused on every port.

use anyhow::{Result, ensure};
use roentgen_tests::{exchange, http_request, with_server};

#[test]
fn foreign_origin_is_refused_on_every_port() -> Result<()> {
    with_server(&[], |server| {
        for port in [server.http(), server.daemon()] {
            for origin in [
                "Origin: https://evil.example",
                "Origin: null",
                "Origin: http://127.0.0.1.evil.example",
            ] {
                let reply = exchange(
                    port,
                    &http_request("POST", "/GetSamplingRules", &[origin], b"{}"),
                )?;
                ensure!(reply.status == 403, "{origin}: {reply:?}");
                ensure!(
                    reply.error_type == "AccessDeniedException",
                    "{origin}: {reply:?}"
                );
            }
            let none = exchange(port, &http_request("POST", "/GetSamplingRules", &[], b"{}"))?;
            ensure!(none.status == 200, "no origin: {none:?}");
            let own = ["Origin: http://127.0.0.1:2001"];
            let own = exchange(
                port,
                &http_request("POST", "/GetSamplingRules", &own, b"{}"),
            )?;
            ensure!(own.status == 200, "a loopback origin: {own:?}");
        }
        Ok(())
    })
}
