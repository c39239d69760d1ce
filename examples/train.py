"""Train a classifier and track it with MLflow.

Nothing here says where the tracking server is: MLflow reads that from its environment.
"""

import os

import mlflow
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

features, labels = load_wine(return_X_y=True)
with mlflow.start_run(run_name="wine") as run:
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.5))
    model.fit(features, labels)
    mlflow.log_param("C", 0.5)
    mlflow.log_metric("accuracy", model.score(features, labels))
    mlflow.set_tag("tracked_by", os.environ["TRACKED_BY"])
print(f"run {run.info.run_id} logged to {mlflow.get_tracking_uri()}")
