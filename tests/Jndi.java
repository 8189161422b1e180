import java.util.Hashtable;
import java.util.TreeSet;
import javax.naming.Context;
import javax.naming.NameNotFoundException;
import javax.naming.NamingEnumeration;
import javax.naming.directory.Attribute;
import javax.naming.directory.Attributes;
import javax.naming.directory.BasicAttributes;
import javax.naming.directory.DirContext;
import javax.naming.directory.ModificationItem;
import javax.naming.directory.BasicAttribute;
import javax.naming.directory.SearchControls;
import javax.naming.directory.SearchResult;
import javax.naming.ldap.InitialLdapContext;
import javax.naming.ldap.LdapName;

/**
 * What Java's own LDAP client does with the server: reads and parses its schema, lists, searches, changes.
 * It sends ManageDSAit with everything, and dereferences aliases always.
 *
 * Arguments: URL, suffix, administrator, password.
 */
class Jndi {
    static void check(boolean holds, Object what) {
        if (!holds) throw new AssertionError(String.valueOf(what));
    }

    static TreeSet<String> names(NamingEnumeration<? extends javax.naming.NameClassPair> found) throws Exception {
        TreeSet<String> names = new TreeSet<>();
        while (found.hasMore()) names.add(found.next().getName());
        return names;
    }

    public static void main(String[] arguments) throws Exception {
        String suffix = arguments[1];
        Hashtable<String, String> settings = new Hashtable<>();
        settings.put(Context.INITIAL_CONTEXT_FACTORY, "com.sun.jndi.ldap.LdapCtxFactory");
        settings.put(Context.PROVIDER_URL, arguments[0]);
        settings.put(Context.SECURITY_PRINCIPAL, arguments[2]);
        settings.put(Context.SECURITY_CREDENTIALS, arguments[3]);
        settings.put("com.sun.jndi.ldap.read.timeout", "30000");
        InitialLdapContext context = new InitialLdapContext(settings, null);

        Attributes root = context.getAttributes("", new String[] {"namingContexts", "supportedLDAPVersion"});
        check(root.get("namingContexts").contains(suffix), root);

        // Every definition is parsed here; one that is malformed is an exception.
        DirContext schema = context.getSchema(suffix);
        for (String kind : new String[] {"AttributeDefinition", "ClassDefinition", "SyntaxDefinition", "MatchingRule"}) {
            int count = 0;
            NamingEnumeration<javax.naming.NameClassPair> definitions = schema.list(kind);
            while (definitions.hasMore()) {
                Attributes definition = schema.getAttributes(kind + "/" + definitions.next().getName());
                check(definition.get("NUMERICOID") != null, definition);
                count++;
            }
            check(count > 20, kind + ": " + count);
        }
        Attributes person = schema.getAttributes("ClassDefinition/person");
        check(person.get("MUST").contains("sn") && person.get("STRUCTURAL") != null, person);

        Attributes entry = new BasicAttributes(true);
        BasicAttribute classes = new BasicAttribute("objectClass", "inetOrgPerson");
        classes.add("top");
        entry.put(classes);
        entry.put("sn", "O'Brien \"x\" / \u00eb");
        entry.put("cn", "Ken, the / first");
        entry.put("jpegPhoto", new byte[] {0, 1, (byte) 0xff});
        LdapName dn = new LdapName("cn=Ken\\, the / first," + suffix);
        context.createSubcontext(dn, entry).close();
        check(names(context.list(new LdapName(suffix))).size() == 1, "list");

        SearchControls below = new SearchControls();
        below.setSearchScope(SearchControls.SUBTREE_SCOPE);
        below.setReturningAttributes(new String[] {"cn", "sn", "jpegPhoto", "entryUUID", "memberOf"});
        NamingEnumeration<SearchResult> found = context.search(
            new LdapName(suffix), "(&(objectClass=person)(cn={0}))", new Object[] {"ken, THE / first"}, below);
        SearchResult result = found.next();
        check(!found.hasMore(), "one");
        Attribute photo = result.getAttributes().get("jpegPhoto");
        check(((byte[]) photo.get()).length == 3, photo);
        check(result.getAttributes().get("entryUUID") != null, result);
        check(new LdapName(result.getNameInNamespace()).equals(dn), result);

        context.modifyAttributes(dn, new ModificationItem[] {
            new ModificationItem(DirContext.REPLACE_ATTRIBUTE, new BasicAttribute("description", "d")),
            new ModificationItem(DirContext.REMOVE_ATTRIBUTE, new BasicAttribute("jpegPhoto")),
        });
        Attributes changed = context.getAttributes(dn);
        check(changed.get("description") != null && changed.get("jpegPhoto") == null, changed);

        LdapName other = new LdapName("cn=Ken," + suffix);
        context.rename(dn, other);
        context.destroySubcontext(other);
        try {
            context.getAttributes(other);
            throw new AssertionError("still there");
        } catch (NameNotFoundException expected) {
            check(expected.getRemainingName() != null, expected);
        }
        context.close();
        System.out.println("done");
    }
}
