//! Who acts: the name that goes into the record.

use std::{env, fs};

use watchkeeper_model::Person;

use crate::args::ByArgs;

/// The name given, else `$USER`, else the login name of this process's user, else its number.
pub(crate) fn acting(args: &ByArgs) -> String {
    person(args).name
}

/// Who acts, with the account of this machine that they act with whoever they say they are.
pub(crate) fn person(args: &ByArgs) -> Person {
    let account = login_name(rustix::process::getuid().as_raw());
    let said = args.by.clone().or_else(|| env::var("USER").ok());
    let name = said.filter(|name| !name.trim().is_empty()).unwrap_or_else(|| account.clone());
    Person { name, account }
}

fn login_name(uid: u32) -> String {
    let accounts = fs::read_to_string("/etc/passwd").unwrap_or_default();
    name_in(&accounts, uid).unwrap_or_else(|| format!("uid {uid}"))
}

/// The name of a user in lines of `name:password:uid:…`.
fn name_in(accounts: &str, uid: u32) -> Option<String> {
    let uid = uid.to_string();
    accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == uid).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_given_name_comes_first() {
        assert_eq!(acting(&ByArgs { by: Some("on-call".to_owned()) }), "on-call");
    }

    #[test]
    fn an_account_is_found_by_its_number() {
        let accounts = "root:x:0:0:root:/root:/bin/sh\nwatch:x:1000:1000::/home/watch:/bin/sh\n";
        assert_eq!(name_in(accounts, 1000).as_deref(), Some("watch"));
        assert_eq!(name_in(accounts, 100), None);
    }
}
