import java.util.List;
import org.apache.directory.api.ldap.model.entry.Attribute;
import org.apache.directory.api.ldap.model.entry.Entry;
import org.apache.directory.api.ldap.model.entry.Value;
import org.apache.directory.api.ldap.model.schema.parsers.AbstractSchemaParser;
import org.apache.directory.api.ldap.model.schema.parsers.AttributeTypeDescriptionSchemaParser;
import org.apache.directory.api.ldap.model.schema.parsers.LdapSyntaxDescriptionSchemaParser;
import org.apache.directory.api.ldap.model.schema.parsers.MatchingRuleDescriptionSchemaParser;
import org.apache.directory.api.ldap.model.schema.parsers.MatchingRuleUseDescriptionSchemaParser;
import org.apache.directory.api.ldap.model.schema.parsers.ObjectClassDescriptionSchemaParser;
import org.apache.directory.api.ldap.model.schema.registries.SchemaLoader;
import org.apache.directory.api.ldap.schema.manager.impl.DefaultSchemaManager;
import org.apache.directory.ldap.client.api.DefaultSchemaLoader;
import org.apache.directory.ldap.client.api.LdapNetworkConnection;

/**
 * What Apache Directory Studio does when it opens a connection, by its own library: reads the root DSE, follows it to
 * the schema, and parses every definition, here by the letter of RFC 4512.
 *
 * Arguments: URL, suffix, administrator, password.
 */
class Studio {
    static void check(boolean holds, Object what) {
        if (!holds) throw new AssertionError(String.valueOf(what));
    }

    static void parses(Entry subschema, String attribute, AbstractSchemaParser<?> parser, int least) throws Exception {
        parser.setQuirksMode(false);
        Attribute definitions = subschema.get(attribute);
        check(definitions != null && definitions.size() >= least, attribute + ": " + definitions);
        for (Value definition : definitions) {
            try {
                check(parser.parse(definition.getString()).getOid() != null, definition);
            } catch (java.text.ParseException error) {
                throw new AssertionError(definition + ": " + error.getMessage(), error);
            }
        }
    }

    public static void main(String[] arguments) throws Exception {
        java.net.URI url = new java.net.URI(arguments[0]);
        try (LdapNetworkConnection connection = new LdapNetworkConnection(url.getHost(), url.getPort())) {
            connection.bind(arguments[2], arguments[3]);
            Entry root = connection.getRootDse("*", "+");
            check(root.get("namingContexts").contains(arguments[1]), root);
            check(connection.isControlSupported("1.2.840.113556.1.4.319"), "paged results");

            Entry subschema = connection.lookup(root.get("subschemaSubentry").getString(), "*", "+");
            parses(subschema, "ldapSyntaxes", new LdapSyntaxDescriptionSchemaParser(), 30);
            parses(subschema, "matchingRules", new MatchingRuleDescriptionSchemaParser(), 30);
            parses(subschema, "matchingRuleUse", new MatchingRuleUseDescriptionSchemaParser(), 20);
            parses(subschema, "attributeTypes", new AttributeTypeDescriptionSchemaParser(), 100);
            parses(subschema, "objectClasses", new ObjectClassDescriptionSchemaParser(), 30);

            SchemaLoader loader = new DefaultSchemaLoader(connection, false);
            DefaultSchemaManager manager = new DefaultSchemaManager(loader);
            boolean loaded = manager.loadAllEnabled();
            List<Throwable> errors = manager.getErrors();
            for (Throwable error : errors) System.err.println(error);
            check(loaded && errors.isEmpty(), errors.size());
            check(manager.lookupObjectClassRegistry("inetOrgPerson").getSuperiors().size() == 1, "superiors");
        }
        System.out.println("done");
    }
}
