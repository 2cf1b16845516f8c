//! Arguments of `plugin`: what authors do with theirs, and what teams do with those of others.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use watchkeeper_author::Language;
use watchkeeper_model::Time;

use super::value;

/// Arguments of `plugin`.
#[derive(Debug, Args)]
pub(crate) struct PluginArgs {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: PluginCommand,
}

/// What to do with plugins.
#[derive(Debug, Subcommand)]
pub(crate) enum PluginCommand {
    /// Begin a plugin: a small project that builds and passes its test at once.
    New(NewPluginArgs),
    /// Build the project's component to its dist folder.
    Build(ProjectArgs),
    /// Build, then run every case in the project's tests folder.
    Test(TestPluginArgs),
    /// Show what a component takes, measures, imports and costs.
    Inspect(InspectArgs),
    /// Print the page of a component's manual, as Markdown.
    Doc(ComponentArgs),
    /// Take a component into the workspace and pin it in plugins.lock.
    Add(AddArgs),
    /// Fetch pinned plugins anew, show what changed, imports first, and pin what was fetched.
    Update(UpdateArgs),
    /// Put a component into an OCI registry.
    Push(PushArgs),
    /// Make a case of a real window of a monitor, with what its check measures now.
    Record(RecordArgs),
}

/// Arguments of `plugin new`.
#[derive(Debug, Args)]
pub(crate) struct NewPluginArgs {
    /// The plugin's name, such as null-rate.
    pub(crate) name: String,
    /// What it is written in.
    #[arg(long, value_parser = value::language())]
    pub(crate) lang: Language,
    /// The folder to write to; by default one of the plugin's name.
    #[arg(long, value_name = "DIR")]
    pub(crate) to: Option<PathBuf>,
}

/// The project that a command works on.
#[derive(Debug, Args)]
pub(crate) struct ProjectArgs {
    /// The project's folder.
    #[arg(value_name = "DIR", default_value = ".")]
    pub(crate) folder: PathBuf,
}

/// Arguments of `plugin test`.
#[derive(Debug, Args)]
pub(crate) struct TestPluginArgs {
    /// The project.
    #[command(flatten)]
    pub(crate) project: ProjectArgs,
    /// Only the cases with this in their names.
    #[arg(long, value_name = "TEXT")]
    pub(crate) filter: Option<String>,
}

/// The component that a command looks at.
#[derive(Debug, Args)]
pub(crate) struct ComponentArgs {
    /// A component's file, a standard check's name, or a project's folder.
    #[arg(value_name = "COMPONENT", default_value = ".")]
    pub(crate) component: String,
}

/// Arguments of `plugin inspect`.
#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    /// The component.
    #[command(flatten)]
    pub(crate) of: ComponentArgs,
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `plugin record`.
#[derive(Debug, Args)]
pub(crate) struct RecordArgs {
    /// The monitor's id.
    pub(crate) monitor: String,
    /// The tick whose window is taken, RFC 3339 or a date; now when absent.
    #[arg(long, value_name = "TIME", value_parser = value::time)]
    pub(crate) at: Option<Time>,
    /// The folder to write the case to.
    #[arg(long, value_name = "DIR", default_value = "tests")]
    pub(crate) to: PathBuf,
    /// Columns whose values are replaced by others that are equal where they were equal.
    #[arg(long, value_name = "COLUMN", value_delimiter = ',')]
    pub(crate) mask: Vec<String>,
    /// At most so many rows; of more, the first.
    #[arg(long, default_value_t = 10_000)]
    pub(crate) rows: u64,
}

/// Arguments of `plugin add`.
#[derive(Debug, Args)]
pub(crate) struct AddArgs {
    /// A file, an https:// URL, or oci://registry/repository:tag.
    pub(crate) source: String,
    /// What monitors call it; by default what its source is called.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// The minisign public key that has to have signed it, now and at every update.
    #[arg(long, value_name = "PUBLIC_KEY")]
    pub(crate) key: Option<String>,
}

/// Arguments of `plugin update`.
#[derive(Debug, Args)]
pub(crate) struct UpdateArgs {
    /// The plugin's name; all when absent.
    pub(crate) name: Option<String>,
    /// Only show what changed.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Arguments of `plugin push`.
#[derive(Debug, Args)]
pub(crate) struct PushArgs {
    /// A component's file, or a project's folder.
    pub(crate) component: String,
    /// Where to, oci://registry/repository:tag.
    pub(crate) to: String,
}
