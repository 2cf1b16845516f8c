//! Risks: what a server would lose although it said that it is durable.

use watchkeeper_engine::ports::store::StoreError;

use crate::{database::Dialect, fault::Fault, store::SqlStore};

impl SqlStore {
    /// Why a commit may be lost although it was answered, or why nothing can be written at all; nothing for a file.
    pub async fn risks(&self) -> Result<Vec<String>, StoreError> {
        if self.dialect() == Dialect::Sqlite {
            return Ok(Vec::new());
        }
        let work = async {
            let mut tx = self.read().await?;
            let asked = "SELECT CAST(pg_is_in_recovery() AS INT), current_setting('default_transaction_read_only'),
                             current_setting('fsync'), current_setting('full_page_writes'),
                             current_setting('synchronous_standby_names')";
            let (standby, read_only, fsync, pages, synchronous): (i32, String, String, String, String) =
                sqlx::query_as(asked).fetch_one(&mut *tx).await?;
            // Of others' connections a user without the role pg_monitor sees that they are there, and not more.
            let standbys = "SELECT COALESCE(application_name, 'one that this user may not look at')
                            FROM pg_stat_replication WHERE sync_state IS NULL OR sync_state = 'async' ORDER BY 1";
            let standbys: Vec<String> = sqlx::query_scalar(standbys).fetch_all(&mut *tx).await?;
            let mut risks = Vec::new();
            if standby == 1 {
                risks.push("it is a standby, which takes no writes: name the primary's address".to_owned());
            } else if read_only == "on" {
                risks.push("it is read-only for this user: set default_transaction_read_only to off".to_owned());
            }
            for (setting, value) in [("fsync", fsync), ("full_page_writes", pages)] {
                if value != "on" {
                    risks.push(format!(
                        "{setting} is {value}: a crash of the machine may lose or damage what was committed"
                    ));
                }
            }
            for name in standbys {
                risks.push(format!(
                    "the standby {name} follows asynchronously (synchronous_standby_names is '{synchronous}'): a failover \
                     to it may lose the newest commits"
                ));
            }
            Ok(risks)
        };
        work.await.map_err(|fault: Fault| fault.doing("ask what the server may lose"))
    }
}
