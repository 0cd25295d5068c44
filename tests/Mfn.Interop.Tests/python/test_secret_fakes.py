"""What stands in for Vault and AWS in Mfn's tests, as hvac and boto3 see it; and a server whose settings these clients write."""

import datetime
import json
import os
import subprocess
import tempfile
import time
import types
import unittest
from pathlib import Path
from unittest import mock

import boto3
import botocore.exceptions
import grpc
import hvac
from botocore.config import Config

import server
from contracts import SimulationServiceStub, simulation, simulation_pb2

ROOT = "hvs.root-of-the-fake"
SHORT = "hvs.short-of-the-fake"
BLIND = "hvs.blind-of-the-fake"
REGION = "eu-west-1"
KEY = {"aws_access_key_id": "AKIAFAKE", "aws_secret_access_key": "secret-of-the-fake"}
SESSION = {"aws_access_key_id": "ASIAFAKE", "aws_secret_access_key": "other-secret-of-the-fake", "aws_session_token": "session-of-the-fake"}


class FakeTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.fakes = subprocess.Popen(["dotnet", os.environ["INTEROP_FAKES"]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        cls.addClassCleanup(cls.stop)
        cls.vault, cls.aws = cls.fakes.stdout.readline().split()

    @classmethod
    def stop(cls):
        cls.fakes.stdin.close()
        cls.fakes.stdout.close()
        cls.fakes.wait(timeout=30)


class VaultTest(FakeTest):
    def client(self, token=ROOT, namespace=None):
        return hvac.Client(url=self.vault, token=token, namespace=namespace)

    def test_versions(self):
        kv = self.client().secrets.kv.v2
        self.assertEqual(1, kv.create_or_update_secret("a/b", {"key": "one"})["data"]["version"])
        self.assertEqual(2, kv.create_or_update_secret("a/b", {"key": "two", "number": 5})["data"]["version"])
        answer = kv.read_secret_version("a/b")["data"]
        self.assertEqual({"key": "two", "number": 5}, answer["data"])
        self.assertEqual(2, answer["metadata"]["version"])
        self.assertEqual({"key": "one"}, kv.read_secret_version("a/b", version=1)["data"]["data"])
        kv.delete_latest_version_of_secret("a/b")
        with self.assertRaises(hvac.exceptions.InvalidPath):
            kv.read_secret_version("a/b")

    def test_engines_and_namespaces(self):
        self.client(namespace="tenant").secrets.kv.v2.create_or_update_secret("a", {"key": "three"}, mount_point="team/kv")
        self.assertEqual({"key": "three"}, self.client(namespace="tenant").secrets.kv.v2.read_secret_version("a", mount_point="team/kv")["data"]["data"])
        with self.assertRaises(hvac.exceptions.InvalidPath):
            self.client().secrets.kv.v2.read_secret_version("a", mount_point="team/kv")
        with self.assertRaises(hvac.exceptions.InvalidPath):
            self.client().secrets.kv.v2.read_secret_version("a", mount_point="nowhere")

    def test_refusals(self):
        with self.assertRaises(hvac.exceptions.Forbidden):
            self.client("hvs.nobody").secrets.kv.v2.read_secret_version("a/b")
        with self.assertRaises(hvac.exceptions.Forbidden):
            self.client(BLIND).secrets.kv.v2.read_secret_version("a/b")
        with self.assertRaises(hvac.exceptions.InvalidRequest):
            self.client("").secrets.kv.v2.read_secret_version("a/b")
        self.assertTrue(self.client().is_authenticated())
        self.assertFalse(self.client("hvs.nobody").is_authenticated())
        self.assertFalse(self.client().sys.is_sealed())

    def test_tokens(self):
        client = self.client(SHORT)
        looked_up = client.auth.token.lookup_self()["data"]
        self.assertTrue(looked_up["renewable"])
        self.assertTrue(0 < looked_up["ttl"] <= 600)
        self.assertEqual(600, client.auth.token.renew_self()["auth"]["lease_duration"])
        self.assertEqual(0, self.client().auth.token.lookup_self()["data"]["ttl"])
        with self.assertRaises(hvac.exceptions.InvalidRequest):
            self.client().auth.token.renew_self()

    def test_logins(self):
        client = self.client("")
        client.auth.kubernetes.login("mfn", "jwt-of-the-fake")
        self.assertTrue(client.is_authenticated())
        with self.assertRaises(hvac.exceptions.Forbidden):
            self.client("").auth.kubernetes.login("mfn", "another")
        with self.assertRaises(hvac.exceptions.InvalidRequest):
            self.client("").auth.kubernetes.login("other", "jwt-of-the-fake")
        client = self.client("")
        client.auth.approle.login("role-of-the-fake", "id-of-the-fake")
        self.assertTrue(client.is_authenticated())


class SecretsManagerTest(FakeTest):
    def client(self, key=None, region=REGION):
        return boto3.client("secretsmanager", endpoint_url=self.aws, region_name=region, config=Config(retries={"max_attempts": 1}), **(key or KEY))

    def refusal(self, client, **arguments):
        with self.assertRaises(botocore.exceptions.ClientError) as refused:
            client.get_secret_value(**arguments)
        return refused.exception.response["Error"]["Code"]

    def test_versions(self):
        client = self.client()
        created = client.create_secret(Name="prod/a", SecretString="one")
        client.put_secret_value(SecretId="prod/a", SecretString="two")
        answer = client.get_secret_value(SecretId="prod/a")
        self.assertEqual(("two", "prod/a", ["AWSCURRENT"]), (answer["SecretString"], answer["Name"], answer["VersionStages"]))
        self.assertIsInstance(answer["CreatedDate"], datetime.datetime)
        self.assertEqual("two", client.get_secret_value(SecretId=created["ARN"], VersionStage="AWSCURRENT")["SecretString"])
        self.assertEqual("one", client.get_secret_value(SecretId="prod/a", VersionStage="AWSPREVIOUS")["SecretString"])
        self.assertEqual("one", client.get_secret_value(SecretId="prod/a", VersionId=created["VersionId"])["SecretString"])
        with self.assertRaises(client.exceptions.ResourceExistsException):
            client.create_secret(Name="prod/a", SecretString="three")
        with self.assertRaises(client.exceptions.ResourceNotFoundException):
            client.get_secret_value(SecretId="gone")

    def test_signatures(self):
        self.client().create_secret(Name="signed", SecretString="one")
        self.assertEqual("one", self.client(SESSION).get_secret_value(SecretId="signed")["SecretString"])
        self.assertEqual("InvalidSignatureException", self.refusal(self.client({**KEY, "aws_secret_access_key": "wrong"}), SecretId="signed"))
        self.assertEqual("UnrecognizedClientException", self.refusal(self.client({**KEY, "aws_access_key_id": "AKIAOTHER"}), SecretId="signed"))
        self.assertEqual("UnrecognizedClientException", self.refusal(self.client({**SESSION, "aws_session_token": "wrong"}), SecretId="signed"))
        self.assertEqual("InvalidSignatureException", self.refusal(self.client(region="us-east-1"), SecretId="signed"))

    def test_clock(self):
        self.client().create_secret(Name="late", SecretString="one")

        class Late(datetime.datetime):
            @classmethod
            def utcnow(cls):
                return super().utcnow() - datetime.timedelta(minutes=6)

        with mock.patch("botocore.auth.datetime", types.SimpleNamespace(datetime=Late)):
            self.assertEqual("InvalidSignatureException", self.refusal(self.client(), SecretId="late"))

    def test_altered_body(self):
        client = self.client()
        client.create_secret(Name="altered", SecretString="one")

        def alter(request, **_):
            request.body = request.body.replace(b"altered", b"another")

        client.meta.events.register("before-send.secretsmanager.GetSecretValue", alter)
        self.assertEqual("InvalidSignatureException", self.refusal(client, SecretId="altered"))


class ServerTest(FakeTest):
    """The settings of a server are what these clients write, and change as they do."""

    def test_settings_of_both(self):
        vault = hvac.Client(url=self.vault, token=ROOT)
        aws = boto3.client("secretsmanager", endpoint_url=self.aws, region_name=REGION, **KEY)
        vault.secrets.kv.v2.create_or_update_secret("mfn", {"steps": "5"})
        aws.create_secret(Name="mfn", SecretString=json.dumps({"grid": 16}))
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        token = Path(folder.name) / "token"
        token.write_text(SHORT + "\n")
        process, address = server.start_server(
            self,
            f"Vault:Address={self.vault}", f"Vault:TokenFile={token}", f"Aws:Endpoint={self.aws}", f"Aws:Region={REGION}", "Secrets:RefreshInterval=00:00:01",
            "Limits:MaxSteps=vault:secret/mfn#steps", "Limits:MaxGridSize=aws:mfn#grid",
            environment={"AWS_ACCESS_KEY_ID": SESSION["aws_access_key_id"], "AWS_SECRET_ACCESS_KEY": SESSION["aws_secret_access_key"], "AWS_SESSION_TOKEN": SESSION["aws_session_token"]},
        )
        client = SimulationServiceStub(server.connect(self, address))

        self.assertEqual(("INVALID_ARGUMENT", "OK"), (self.simulate(client, 16, 6), self.simulate(client, 16, 5)))
        self.assertEqual("INVALID_ARGUMENT", self.simulate(client, 17, 5))
        vault.secrets.kv.v2.create_or_update_secret("mfn", {"steps": "6"})
        aws.put_secret_value(SecretId="mfn", SecretString=json.dumps({"grid": 17}))
        deadline = time.monotonic() + 60
        while self.simulate(client, 17, 6) != "OK":
            self.assertLess(time.monotonic(), deadline)

    def simulate(self, client, size, steps):
        try:
            client.Simulate(simulation.SimulateRequest(spec=simulation_pb2.SimulationSpec(grid_size=size, steps=steps)), timeout=server.TIMEOUT)
            return "OK"
        except grpc.RpcError as error:
            return error.code().name
