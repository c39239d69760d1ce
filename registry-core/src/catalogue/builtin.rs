macro_rules! files {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../catalogue/", $name))),)*]
    };
}

/// Every file of the crate's `catalogue/` folder: its name and content.
pub(super) const FILES: &[(&str, &str)] = files![
    "airflow.yaml",
    "anthropic.yaml",
    "argo-workflows.yaml",
    "aws-s3.yaml",
    "azure-blob.yaml",
    "azure-openai.yaml",
    "clearml.yaml",
    "dagster.yaml",
    "dvc.yaml",
    "elasticsearch.yaml",
    "feast.yaml",
    "gcs.yaml",
    "gitea.yaml",
    "github.yaml",
    "gitlab.yaml",
    "grafana.yaml",
    "huggingface-hub.yaml",
    "kafka.yaml",
    "kfserving.yaml",
    "knative.yaml",
    "kserve.yaml",
    "kubeflow-model-registry.yaml",
    "kubeflow-pipelines.yaml",
    "kubernetes.yaml",
    "label-studio.yaml",
    "milvus.yaml",
    "minio.yaml",
    "mlflow.yaml",
    "mlserver.yaml",
    "mongodb.yaml",
    "mysql.yaml",
    "oci-registry.yaml",
    "ollama.yaml",
    "openai.yaml",
    "postgresql.yaml",
    "prefect.yaml",
    "prometheus.yaml",
    "qdrant.yaml",
    "rabbitmq.yaml",
    "ray.yaml",
    "redis.yaml",
    "seldon-core.yaml",
    "tekton.yaml",
    "triton.yaml",
    "vault.yaml",
    "vllm.yaml",
    "wandb.yaml",
    "weaviate.yaml",
    "zenml.yaml",
];

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs};

    use super::FILES;
    use crate::{Catalogue, Document};

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the folder is what is tested")]
    fn the_list_is_the_folder() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/catalogue");
        let mut found: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.ends_with(".yaml"))
            .collect();
        found.sort();
        assert_eq!(
            FILES.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
            found
        );
    }

    /// Findings include templates that do not parse, and keys they name that are not listed.
    #[test]
    fn the_files_have_no_findings() {
        let mut catalogue = Catalogue::default();
        assert_eq!(catalogue.add(FILES), Ok(()));
        assert!(
            catalogue.products().count() >= 30,
            "{}",
            catalogue.products().count()
        );
        for (name, _) in FILES {
            let product = name.trim_end_matches(".yaml");
            assert!(
                catalogue.product(product).is_some(),
                "{name} is named after its product"
            );
        }
    }

    #[test]
    fn a_service_type_is_defined_once() {
        let mut defined = BTreeSet::new();
        for (name, text) in FILES {
            let document = Document::parse(name, text.as_bytes()).unwrap();
            let services = document.roots[0].get("services").unwrap();
            let crate::NodeValue::Sequence(services) = &services.value else {
                panic!("{name}: services")
            };
            for service in services
                .iter()
                .filter(|service| service.get("same_as").is_none())
            {
                let service_type = service.get("type").and_then(|node| node.as_str()).unwrap();
                assert!(
                    defined.insert(service_type.to_owned()),
                    "{name}: `{service_type}` is defined elsewhere, too"
                );
            }
        }
    }

    #[test]
    fn an_alias_means_one_product() {
        let mut catalogue = Catalogue::default();
        catalogue.add(FILES).unwrap();
        let mut seen = BTreeSet::new();
        for product in catalogue.products() {
            for name in product.aliases.iter().chain([&product.product]) {
                assert!(seen.insert(name.clone()), "`{name}`");
            }
        }
    }
}
