"""What the server spends on a request over REST and on the same search over LDAP, TLS on both sides.

Arguments: the server's process id, the file of its authority's certificate, the ports of REST and of ldaps, and the
administrator's password. The first figures are of SLC Hub's dialect, and of LDAP; those of the other dialects come
after them. The directory holds uid=user000000 and so on, a multiple of 1,000 of them, as inetOrgPerson
entries below ou=people,dc=example,dc=org, with displayName "User Number N" and mail user00000N@example.org. Prints the
least of five rounds: microseconds of CPU time of all threads of the server for one request.
"""

import base64
import http.client
import json
import os
import ssl
import sys

import ldap3

pid, authority, rest, ldaps, password = sys.argv[1:]
SUFFIX = "dc=example,dc=org"
SHOWN = ["entryUUID", "createTimestamp", "modifyTimestamp", "uid", "displayName", "mail"]


def spent():
    """Nanoseconds on a processor, of the threads that are there."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{thread}/schedstat") as file:
                total += int(file.read().split()[0])
        except FileNotFoundError:
            pass
    return total


def measure(name, request, count):
    request()
    rounds = []
    for _ in range(5):
        before = spent()
        for _ in range(count):
            request()
        rounds.append((spent() - before) / count / 1000)
    # A thread that ended meanwhile took its time with it.
    print(f"{name:44} {min(round for round in rounds if round > 0):8.1f} us", flush=True)


context = ssl.create_default_context(cafile=authority)
web = http.client.HTTPSConnection("localhost", int(rest), context=context)
login = json.dumps({"username": "admin", "password": password})
web.request("POST", "/api/v2/auth/login", login, {"content-type": "application/json"})
bearer = {"Authorization": "Bearer " + json.load(web.getresponse())["token"]}
# The dialects that have no logins of their own take a password with each request, which the server remembers.
basic = {"Authorization": "Basic " + base64.b64encode(f"admin:{password}".encode()).decode()}


def ask(method, path, headers):
    try:
        web.request(method, path, headers=headers)
        answer = web.getresponse()
    except http.client.RemoteDisconnected:
        # LDAP took so long that the server has closed it; no round begins with a new one.
        web.close()
        web.request(method, path, headers=headers)
        answer = web.getresponse()
    body = answer.read()
    assert answer.status == 200, body
    return json.loads(body)


def get(query):
    return ask("GET", "/api/v2/auth/users?" + query, bearer)


def harness(index):
    path = f"/ng/api/user/batch?accountIdentifier=default&pageSize=100&pageIndex={index}"
    return ask("POST", path, basic)["data"]


def harmony(page):
    return ask("GET", f"/api/rest/v1/users?sort[email]=asc&limit=100&page={page}", basic)


def netmaker(user):
    return ask("GET", f"/api/users/{user}", basic)


tls = ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=authority)
server = ldap3.Server("localhost", port=int(ldaps), use_ssl=True, tls=tls, get_info=None)
ldap = ldap3.Connection(server, f"cn=admin,{SUFFIX}", password, auto_bind=True, check_names=False)


def search(text):
    ldap.search(SUFFIX, text, attributes=SHOWN)
    return ldap.response


users = get("page[limit]=0")["totalCount"]
middle = users // 2
address = f"user{middle + 45:06}@example.org"
measure("LDAP (mail=A)", lambda: search(f"(mail={address})"), 1500)
measure("REST filter[email][EQ]=A", lambda: get(f"filter[email][EQ]={address}"), 1500)
for offset in (0, middle, users - 100):
    same = f"(uid=user{offset // 100:04}*)"
    assert len(search(same)) == 100
    measure(f"LDAP the same 100 by {same}", lambda: search(same), 200)
    for sort, first in (("userName", offset), ("-userName", users - 1 - offset)):
        page = f"sort={sort}&page[limit]=100&page[offset]={offset}"
        found = get(page)
        assert found["totalCount"] == users and found["data"][0]["userName"] == f"user{first:06}"
        measure(f"REST page of 100 at {offset} by {sort}", lambda: get(page), 200)
after = get(f"sort=userName&page[limit]=100&page[offset]={middle - 100}")["next"]
page = f"sort=userName&page[limit]=100&page[after]={after}"
assert get(page)["data"][0]["userName"] == f"user{middle:06}"
measure("REST page of 100 by cursor", lambda: get(page), 200)
part = f"{users - 112:06}"[1:]
measure(f"LDAP (uid=*{part}*)", lambda: search(f"(uid=*{part}*)"), 300)
measure(f"REST filter[userName][CO]={part}", lambda: get(f"filter[userName][CO]={part}"), 300)
measure("REST totalCount of all", lambda: get("page[limit]=0"), 500)
pages = users // 100
for index in (0, pages // 2, pages - 1):
    found = harness(index)
    assert found["totalItems"] == users and len(found["content"]) == 100
    measure(f"Harness, batch of 100, pageIndex {index}", lambda: harness(index), 200)
for page in (1, pages // 2, pages):
    found = harmony(page)
    assert found["itemsTotal"] == users and found["data"][0]["email"] == f"user{page * 100 - 100:06}@example.org"
    measure(f"Harmony SASE, users of page {page}, by address", lambda: harmony(page), 200)
user = f"user{middle + 45:06}"
assert netmaker(user)["username"] == user
measure("Netmaker, one user", lambda: netmaker(user), 1500)
