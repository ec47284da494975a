use super::*;

#[test]
fn second_process_is_kept_out_with_advice() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/data");
    let first = DataDir::open(&path).unwrap();
    let error = format!("{:#}", DataDir::open(&path).unwrap_err());
    assert!(
        error.contains("in use by another process") && error.contains("--data-dir"),
        "{error}"
    );
    drop(first);
    DataDir::open(&path).unwrap();
}

#[test]
fn endpoints_are_written_as_json() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = DataDir::open(folder.path()).unwrap();
    data_dir
        .write_endpoints(&[("http", "127.0.0.1:7".parse().unwrap())])
        .unwrap();
    let text = std::fs::read_to_string(folder.path().join("endpoints.json")).unwrap();
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["http"], "127.0.0.1:7");
    data_dir.forget_endpoints();
    assert!(!folder.path().join("endpoints.json").try_exists().unwrap());
}

#[test]
fn path_that_is_a_file_is_refused_with_its_name() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let error = format!("{:#}", DataDir::open(file.path()).unwrap_err());
    assert!(error.contains(file.path().to_str().unwrap()), "{error}");
}
