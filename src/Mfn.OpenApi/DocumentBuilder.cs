using Google.Protobuf.Reflection;
using Mfn.Server.Web;
using Microsoft.OpenApi;

namespace Mfn.OpenApi;

/// <summary>Makes the document: the methods of the contracts, and the parts that are no methods.</summary>
public sealed class DocumentBuilder
{
    private const string Description =
        "What the server can do, for scripts and browsers: the same calls as by gRPC, with the same identities, limits, prices and numbers. docs/rest.md tells more. "
        + "Names are those of the contracts; requests may have them in camelCase too. Integers of 64 bits go out as texts, and come in as either. Members and parameters that there "
        + "are not are refused. Where x-mfn-setting is beside a bound, that setting of the server is the bound; the document that a server serves has its own. HEAD answers as GET "
        + "does, without a body. OPTIONS tells which methods a path has, as 405 does, in Allow; both are not listed.";

    private DocumentBuilder(ContractComments comments)
    {
        Comments = comments;
        var methods = HttpRules.All.Select(rule => rule.Method).Distinct().ToList();
        Schemas = new MessageSchemas(
            Document, comments, Reachable(methods.Select(method => method.InputType)), Reachable(methods.Select(method => method.OutputType)));
        Errors = new ErrorAnswers(Document, Schemas);
    }

    internal OpenApiDocument Document { get; } = new()
    {
        Info = new OpenApiInfo
        {
            Title = "Mfn",
            Version = "1",
            Description = Description,
            License = new OpenApiLicense { Name = "MIT", Identifier = "MIT" },
        },
        Servers = [new OpenApiServer { Url = "/", Description = "The server that this document comes from." }],
        Paths = [],
        Components = new OpenApiComponents(),
        Tags = new HashSet<OpenApiTag>(),
    };

    internal ContractComments Comments { get; }

    internal MessageSchemas Schemas { get; }

    internal ErrorAnswers Errors { get; }

    // Here belongs what google.api.http does not say.
    private static IReadOnlyList<IDocumentPart> Parts { get; } = [new MethodPaths(), new ReferencePaths(), new SocketPaths(), new DocumentPaths()];

    /// <summary>Makes the document, as JSON of OpenAPI 3.1.</summary>
    public static async Task<string> BuildAsync()
    {
        var builder = new DocumentBuilder(ContractComments.Read());
        Security.AddTo(builder.Document);
        Headers.AddTo(builder.Document);
        foreach (var part in Parts)
        {
            part.AddTo(builder);
        }

        return (await builder.Document.SerializeAsJsonAsync(OpenApiSpecVersion.OpenApi3_1)).ReplaceLineEndings("\n") + "\n";
    }

    /// <summary>Adds an operation.</summary>
    internal void Add(string verb, string path, OpenApiOperation operation)
    {
        if (!Document.Paths.TryGetValue(path, out var item))
        {
            item = new OpenApiPathItem { Operations = [] };
            Document.Paths.Add(path, item);
        }

        item.Operations!.Add(HttpMethod.Parse(verb), operation);
    }

    /// <summary>A tag that operations have in common.</summary>
    internal ISet<OpenApiTagReference> Tag(string name, string description)
    {
        if (Document.Tags!.All(tag => tag.Name != name))
        {
            Document.Tags!.Add(new OpenApiTag { Name = name, Description = description });
        }

        return new HashSet<OpenApiTagReference> { new(name, Document) };
    }

    /// <summary>Messages, and all that are in them.</summary>
    internal static HashSet<MessageDescriptor> Reachable(IEnumerable<MessageDescriptor> roots)
    {
        var found = new HashSet<MessageDescriptor>();
        var next = new Stack<MessageDescriptor>(roots);
        while (next.TryPop(out var message))
        {
            if (found.Add(message))
            {
                foreach (var field in message.Fields.InDeclarationOrder().Where(field => field.FieldType == FieldType.Message))
                {
                    next.Push(field.MessageType);
                }
            }
        }

        return found;
    }
}
