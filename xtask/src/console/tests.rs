use super::*;

#[test]
fn version_of_node_is_read() {
    assert_eq!(parse_version("v20.19.2\n"), Some((20, 19)));
    assert_eq!(parse_version("v9.0.0"), Some((9, 0)));
    assert!(parse_version("v9.11.0") < Some(NODE_MIN));
    assert!(parse_version("v20.2.0") < Some(NODE_MIN));
    assert!(parse_version("v22.0.0") > Some(NODE_MIN));
    assert_eq!(parse_version("20"), None);
}
