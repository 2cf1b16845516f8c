//! What a merge patch names of an object.

use serde_json::{Map, Value};

/// The part of an object that a patch would change, as it is now; `null` for what is not there, so that merging the part
/// puts everything back.
pub(super) fn part(object: &Value, patch: &Value) -> Value {
    let Value::Object(fields) = patch else { return object.clone() };
    if !object.is_object() && !object.is_null() {
        return object.clone();
    }
    fields.iter().map(|(key, patch)| (key.clone(), part(&object[key.as_str()], patch))).collect::<Map<_, _>>().into()
}

/// Whether an object says what a patch would make it say.
pub(super) fn holds(object: &Value, patch: &Value) -> bool {
    match patch {
        Value::Object(fields) => fields.iter().all(|(key, patch)| holds(&object[key.as_str()], patch)),
        Value::Null => object.is_null(),
        value => object == value,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// RFC 7396.
    fn merged(object: &mut Value, patch: &Value) {
        let Value::Object(fields) = patch else { return *object = patch.clone() };
        if !object.is_object() {
            *object = json!({});
        }
        for (key, value) in fields {
            if value.is_null() {
                object.as_object_mut().unwrap().remove(key);
            } else {
                merged(&mut object[key.as_str()], value);
            }
        }
    }

    #[test]
    fn merging_the_part_puts_back_what_was_there() {
        let objects = [
            json!({ "spec": { "replicas": 3, "paused": false } }),
            json!({ "spec": { "template": { "metadata": { "annotations": { "a": "1" } } } } }),
            json!({ "spec": { "template": { "metadata": {} } } }),
            json!({ "spec": { "list": [1, 2] } }),
        ];
        let patches = [
            json!({ "spec": { "replicas": 0 } }),
            json!({ "spec": { "paused": null, "replicas": 1 } }),
            json!({ "spec": { "template": { "metadata": { "annotations": { "b": "2", "a": "3" } } } } }),
            json!({ "spec": { "list": { "x": 1 } } }),
            json!({ "metadata": { "annotations": { "x": "1" } } }),
        ];
        for object in &objects {
            for patch in &patches {
                let was = part(object, patch);
                let mut changed = object.clone();
                merged(&mut changed, patch);
                assert!(holds(&changed, patch), "{changed} {patch}");
                merged(&mut changed, &was);
                assert!(holds(&changed, &was), "{changed} {was}");
                // Empty tables may stay: what somebody else has put there meanwhile is not ours to take away.
                assert_eq!(pruned(&changed), pruned(object), "{patch} {was}");
            }
        }
    }

    fn pruned(value: &Value) -> Value {
        let Value::Object(fields) = value else { return value.clone() };
        let fields = fields.iter().map(|(key, value)| (key.clone(), pruned(value)));
        let kept: Map<_, _> = fields.filter(|(_, value)| !value.is_null()).collect();
        if kept.is_empty() { Value::Null } else { kept.into() }
    }
}
