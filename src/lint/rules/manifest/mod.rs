//! Rules about `curriculum.yaml` and how modules hang together.

pub(crate) mod cyclic_requires;
pub(crate) mod id_differs_from_name;
pub(crate) mod module_listed_twice;
pub(crate) mod module_without_folder;
pub(crate) mod preload_not_required;
pub(crate) mod requirements_not_locked;
pub(crate) mod requires_later_module;
pub(crate) mod unknown_file;
pub(crate) mod unknown_required_module;
pub(crate) mod unlisted_module;
