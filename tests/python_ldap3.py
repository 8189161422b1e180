"""What python's ldap3 does with the server when it checks everything against the schema.

Arguments: URL, suffix, administrator, password, file of the authority's certificate.
"""

import ssl
import sys

import ldap3

url, suffix, admin, password, authority = sys.argv[1:]
tls = ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=authority)
server = ldap3.Server(url, tls=tls, get_info=ldap3.ALL, connect_timeout=30)

# Root DSE and schema are read before the bind and parsed as a whole.
anonymous = ldap3.Connection(server, auto_bind=ldap3.AUTO_BIND_TLS_BEFORE_BIND, receive_timeout=30)
assert server.info.naming_contexts == [suffix], server.info.naming_contexts
assert "1.3.6.1.4.1.1466.20037" in {oid[0] for oid in server.info.supported_extensions}
assert len(server.schema.attribute_types) > 100 and len(server.schema.object_classes) > 30
assert server.schema.attribute_types["memberOf"].no_user_modification
assert server.schema.object_classes["inetOrgPerson"].superior == ["organizationalPerson"]
assert server.schema.matching_rules and server.schema.ldap_syntaxes
anonymous.unbind()

# From here on every name is checked against the schema before it is sent.
connection = ldap3.Connection(
    server, admin, password, auto_bind=ldap3.AUTO_BIND_TLS_BEFORE_BIND,
    check_names=True, raise_exceptions=True, receive_timeout=30,
)
assert connection.extend.standard.who_am_i() == f"dn:{admin}"

name = f"uid=ken,{suffix}"
connection.add(name, ["inetOrgPerson", "posixAccount"], {
    "uid": "ken", "cn": ["Ken", "Kenneth"], "sn": "Thompson \u00eb", "uidNumber": 2002,
    "gidNumber": 3000, "homeDirectory": "/home/ken", "userPassword": "secret-ken",
    "jpegPhoto": bytes(range(256)),
})
group = f"cn=staff,{suffix}"
connection.add(group, "groupOfNames", {"cn": "staff", "member": name})

everything = [ldap3.ALL_ATTRIBUTES, ldap3.ALL_OPERATIONAL_ATTRIBUTES]
assert connection.search(suffix, "(&(uid=ken)(uidNumber>=2002)(cn=K*n*))", attributes=everything)
ken = connection.entries[0]
assert ken.entry_dn == name and ken.uidNumber.value == 2002 and ken.sn.value == "Thompson \u00eb"
assert sorted(ken.cn.values) == ["Ken", "Kenneth"] and ken.jpegPhoto.value == bytes(range(256))
assert ken.memberOf.value == group, ken.memberOf
assert ken.entryUUID.value and ken.createTimestamp.value.year > 2000
assert "userPassword" not in ken.entry_attributes_as_dict
assert connection.search(suffix, f"(memberOf={group})", attributes=["uid"])
assert [entry.uid.value for entry in connection.entries] == ["ken"]

found = connection.extend.standard.paged_search(
    suffix, "(objectClass=*)", attributes=["entryUUID"], paged_size=1, paged_criticality=True, generator=False,
)
assert sorted(entry["dn"] for entry in found) == sorted([suffix, name, group]), found

connection.modify(name, {
    "cn": [(ldap3.MODIFY_DELETE, ["Kenneth"])],
    "mail": [(ldap3.MODIFY_ADD, ["ken@example.org"])],
    "uidNumber": [(ldap3.MODIFY_INCREMENT, [5])],
    "description": [(ldap3.MODIFY_REPLACE, ["a", "b"])],
})
connection.search(name, "(objectClass=*)", ldap3.BASE, attributes=["*"])
ken = connection.entries[0]
assert ken.cn.values == ["Ken"] and ken.uidNumber.value == 2007, ken
assert connection.compare(name, "mail", "KEN@example.org")

connection.modify_dn(name, "uid=thompson")
assert connection.search(group, "(objectClass=*)", ldap3.BASE, attributes=["member"])
assert connection.entries[0].member.value == f"uid=thompson,{suffix}"
assert connection.rebind(f"uid=thompson,{suffix}", "secret-ken")
assert connection.rebind(admin, password)

# An abstraction of its own, built from the schema alone.
person = ldap3.ObjectDef(["inetOrgPerson"], connection)
reader = ldap3.Reader(connection, person, suffix, "uid: thompson")
assert [entry.entry_dn for entry in reader.search()] == [f"uid=thompson,{suffix}"]

for wrong, expected in [
    (lambda: connection.add(group, "groupOfNames", {"cn": "staff", "member": name}),
     ldap3.core.exceptions.LDAPEntryAlreadyExistsResult),
    (lambda: connection.delete(f"cn=nobody,{suffix}"),
     ldap3.core.exceptions.LDAPNoSuchObjectResult),
    (lambda: connection.search(suffix, "(noSuchAttribute=x)"),
     ldap3.core.exceptions.LDAPAttributeError),
]:
    try:
        wrong()
    except expected:
        continue
    raise AssertionError(f"no {expected.__name__}")
connection.delete(group)
connection.delete(f"uid=thompson,{suffix}")
connection.unbind()
print("done")
