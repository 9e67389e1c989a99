"""Real OpenSearch nodes for the tests: fetched, unpacked, started and stopped here.

Needed: Maven, openssl, a Java 17 to 21 for OpenSearch 2.19.1 and a Java 21 or newer for 3.6.0, all found by themselves.
BIOCPT_TEST_CACHE names another folder for unpacked servers and running nodes (about 500 MB).
BIOCPT_TEST_NODES="2.19.1=http://127.0.0.1:9219 3.6.0=http://127.0.0.1:9236" takes running servers for plain tests.
"""
