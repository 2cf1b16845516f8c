//! `airflow`: a DAG, triggered under our own run id, or paused.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Action, ActionFault, Connection, Fields, Fill, Guarantee, Kind, Undo, faults::of_name, fields};

/// Act on a DAG.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AirflowAction {
    /// The API server.
    pub peer: Connection,
    /// The DAG's id.
    pub dag: String,
    /// What is done to it.
    pub act: DagAct,
    /// Whether it has to be paused (or not), else it is left alone.
    #[serde(default)]
    pub only_if_paused: Option<bool>,
}

/// What is done to a DAG.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DagAct {
    /// A run is triggered with this configuration.
    Trigger(Fields),
    /// It is paused, or goes on.
    Pause(bool),
}

impl Kind for AirflowAction {
    fn word(&self) -> &'static str {
        "airflow"
    }

    fn guarantee(&self) -> Guarantee {
        Guarantee::Guarded
    }

    fn target(&self) -> String {
        format!("airflow:{}/{}", self.peer.url, self.dag)
    }

    fn excludes_others(&self) -> bool {
        true
    }

    fn summary(&self) -> String {
        match self.act {
            DagAct::Trigger(_) => format!("trigger DAG {}", self.dag),
            DagAct::Pause(true) => format!("pause DAG {}", self.dag),
            DagAct::Pause(false) => format!("let DAG {} go on", self.dag),
        }
    }

    fn arguments(&self) -> String {
        let conf = match &self.act {
            DagAct::Trigger(conf) => fields::lines(conf),
            DagAct::Pause(_) => String::new(),
        };
        format!("{} {}{conf}", self.peer.url, self.summary())
    }

    fn faults(&self) -> Vec<ActionFault> {
        let mut faults = self.peer.faults();
        faults.extend(of_name(&["dag"], &self.dag, "a DAG"));
        faults
    }

    fn filled(&self, fill: &mut Fill<'_>) -> Action {
        let act = match &self.act {
            DagAct::Trigger(conf) => DagAct::Trigger(fields::filled(conf, fill)),
            pause @ DagAct::Pause(_) => pause.clone(),
        };
        Action::Airflow(Self { act, ..self.clone() })
    }

    fn output(&self) -> Option<&'static str> {
        matches!(self.act, DagAct::Trigger(_)).then_some("run_id")
    }

    fn reads_back(&self) -> bool {
        true
    }

    fn undo(&self) -> Undo {
        match self.act {
            DagAct::Trigger(_) => Undo::Never("what a run has done stays done"),
            DagAct::Pause(true) => Undo::Restores("let it go on"),
            DagAct::Pause(false) => Undo::Restores("pause it again"),
        }
    }

    fn undone(&self, before: &Value) -> Option<Action> {
        let DagAct::Pause(paused) = self.act else { return None };
        let was = before["is_paused"].as_bool().filter(|was| *was != paused)?;
        Some(Action::Airflow(Self { act: DagAct::Pause(was), only_if_paused: Some(paused), ..self.clone() }))
    }
}
