# Specimens of what house.yaml finds (`ruleid`) and of what it leaves alone (`ok`). Never imported.
# ruleid: network-outside-the-door
import requests
# ruleid: network-outside-the-door
import socket
# ruleid: network-outside-the-door
from urllib.request import urlopen
# ok: network-outside-the-door
from urllib.parse import urlsplit
# ruleid: weak-chance
import random
# ok: weak-chance
import secrets
# ruleid: aws-outside-aws
import boto3


def tls(context, client):
    # ruleid: tls-without-verification
    client.get("https://example.com/", verify=False)
    # ruleid: tls-without-verification
    context.check_hostname = False
    # ruleid: tls-without-verification
    context.verify_mode = ssl.CERT_NONE
    # ok: tls-without-verification
    context.verify_mode = ssl.CERT_REQUIRED


def shell(name):
    # ruleid: shell
    subprocess.run(f"ls {name}", shell=True)
    # ruleid: shell
    os.system("ls")
    # ok: shell
    subprocess.run(["ls", name])


def data(text):
    # ruleid: data-that-runs
    yaml.load(text)
    # ruleid: data-that-runs
    pickle.loads(text)
    # ruleid: data-that-runs
    eval(text)
    # ok: data-that-runs
    yaml.safe_load(text)
    # ok: data-that-runs
    json.loads(text)


def environment():
    # ruleid: environment-outside-settings
    return os.environ["HOME"]


def logs(log, recorder, name, password, api_key):
    # ruleid: text-put-together-for-a-log
    log.info(f"hello {name}")
    # ruleid: text-put-together-for-a-log
    LOGGER.warning("hello %s" % name)
    # ok: text-put-together-for-a-log
    LOGGER.info("request", extra={"fields": {"name": name}})
    # ruleid: secret-in-a-log
    log.info("sign in", password)
    # ruleid: secret-in-a-log
    recorder.record("sign in", key=api_key)
    # ok: secret-in-a-log
    recorder.record("sign in", name=name)


def compare(signature, expected):
    # ruleid: secret-compared-with-equals
    if signature == expected:
        return True
    # ok: secret-compared-with-equals
    return hmac.compare_digest(signature, expected)


def hashes(text):
    # ruleid: weak-hash
    hashlib.md5(text)
    # ok: weak-hash
    hashlib.sha256(text)


def statements(database, team):
    # ruleid: statement-put-together
    database.rows(f"SELECT * FROM tasks WHERE team = '{team}'")
    # ruleid: statement-put-together
    database.execute("SELECT * FROM tasks WHERE team = '%s'" % team)
    # ok: statement-put-together
    database.rows(f"SELECT row {_LISTED} LIMIT 1")
    # ok: statement-put-together
    database.rows("SELECT * FROM tasks WHERE team = ?", (team,))
