using Google.Protobuf.Reflection;
using Mfn.Server.Web;
using Microsoft.OpenApi;
using HttpRule = Mfn.Server.Web.HttpRule;
using RichStatus = Google.Rpc.Status;

namespace Mfn.OpenApi;

/// <summary>The methods of the contracts, as their <c>google.api.http</c> options have them.</summary>
internal sealed class MethodPaths : IDocumentPart
{
    private const string LastEventId = "Last-Event-ID";

    public void AddTo(DocumentBuilder builder)
    {
        foreach (var rule in HttpRules.All.OrderBy(rule => rule.Path.Text, StringComparer.Ordinal).ThenBy(rule => rule.Verb, StringComparer.Ordinal))
        {
            builder.Add(rule.Verb, rule.Path.Text, OperationOf(rule, builder));
        }
    }

    private static OpenApiOperation OperationOf(HttpRule rule, DocumentBuilder builder)
    {
        var method = rule.Method;
        var comment = builder.Comments.Of(method.FullName);
        var end = comment.IndexOf(". ", StringComparison.Ordinal);
        var responses = new OpenApiResponses { ["200"] = AnswerOf(rule, builder) };
        builder.Errors.AddTo(responses, isOfSomething: rule.Path.Fields.Count > 0, canConflict: CanConflict(method, builder));
        if (rule.Token is not null)
        {
            SocketPaths.AddUpgrade(responses, "docs/websocket.md", builder);
        }

        return new OpenApiOperation
        {
            OperationId = char.ToLowerInvariant(method.Name[0]) + method.Name[1..],
            Summary = (end < 0 ? comment : comment[..end]).TrimEnd('.'),
            Description = comment,
            Tags = builder.Tag(method.Service.Name, builder.Comments.Of(method.Service.FullName)),
            Parameters = [.. ParametersOf(rule, builder)],
            RequestBody = rule.HasBody ? BodyOf(rule, builder) : null,
            Responses = responses,
        };
    }

    private static IEnumerable<IOpenApiParameter> ParametersOf(HttpRule rule, DocumentBuilder builder)
    {
        var input = rule.Method.InputType;
        foreach (var name in rule.Path.Fields)
        {
            var field = input.FindFieldByName(name);
            yield return new OpenApiParameter
            {
                Name = name,
                In = ParameterLocation.Path,
                Required = true,
                Description = builder.Comments.Of(field.FullName),
                Schema = builder.Schemas.Parameter(field),
            };
        }

        if (!rule.HasBody || rule.IsUpload)
        {
            var examples = Examples.QueryOf(rule.Method.Name);
            foreach (var parameter in QueryOf(input, "", rule, builder))
            {
                parameter.Example = examples.TryGetValue(parameter.Name!, out var example) ? example.DeepClone() : null;
                yield return parameter;
            }
        }

        if (input.FindFieldByName("resume_token") is { } token)
        {
            yield return new OpenApiParameter
            {
                Name = LastEventId,
                In = ParameterLocation.Header,
                Description = $"{token.Name}, as clients of server-sent events give it when they come again.",
                Schema = builder.Schemas.Parameter(token),
            };
        }

        yield return new OpenApiParameterReference(Headers.CorrelationId, builder.Document);
        yield return new OpenApiParameterReference(Headers.RequestTimeout, builder.Document);
    }

    // The fields of a message by their paths, as a query has them.
    private static IEnumerable<OpenApiParameter> QueryOf(MessageDescriptor message, string prefix, HttpRule rule, DocumentBuilder builder)
    {
        foreach (var field in message.Fields.InDeclarationOrder())
        {
            var name = prefix + field.Name;
            if (rule.Path.Fields.Contains(name) || (rule.IsUpload && Uploads.IsToldByFile(name)))
            {
                continue;
            }

            if (field.FieldType != FieldType.Message)
            {
                yield return Parameter(field, name, builder.Schemas.Parameter(field));
                continue;
            }

            // Messages of a list have no names.
            if (field.IsRepeated)
            {
                continue;
            }

            if (field.RealContainingOneof is not null)
            {
                yield return Parameter(field, name, new OpenApiSchema { Type = JsonSchemaType.String, MaxLength = 0 });
            }

            foreach (var part in QueryOf(field.MessageType, $"{name}.", rule, builder))
            {
                yield return part;
            }
        }

        OpenApiParameter Parameter(FieldDescriptor field, string name, IOpenApiSchema schema)
        {
            var others = field.RealContainingOneof is { } oneof ? $" At most one of {string.Join(", ", oneof.Fields.Select(each => prefix + each.Name))} may be there." : "";
            return new OpenApiParameter { Name = name, In = ParameterLocation.Query, Description = builder.Comments.Of(field.FullName) + others, Schema = schema };
        }
    }

    // The contracts say of what there can be two.
    private static bool CanConflict(MethodDescriptor method, DocumentBuilder builder) =>
        DocumentBuilder.Reachable([method.InputType, method.OutputType]).SelectMany(message => message.Fields.InDeclarationOrder()).Select(field => field.FullName).Append(method.FullName)
            .Any(name => builder.Comments.Of(name).Contains("ALREADY_EXISTS", StringComparison.Ordinal));

    private static OpenApiRequestBody BodyOf(HttpRule rule, DocumentBuilder builder) => rule.IsUpload ? FileOf(rule) : new OpenApiRequestBody
    {
        // Nothing at all is an object without members.
        Required = builder.Schemas.IsRequired(rule.Method.InputType),
        Content = new Dictionary<string, IOpenApiMediaType>
        {
            [ContentTypes.Json] = new OpenApiMediaType
            {
                Schema = builder.Schemas.Request(rule.Method.InputType, rule.Path.Fields),
                Examples = Examples.BodiesOf(rule.Method.Name).ToDictionary(
                    example => example.Name, IOpenApiExample (example) => new OpenApiExample { Summary = example.Summary, Value = example.Body.DeepClone() }),
            },
        },
    };

    private static OpenApiRequestBody FileOf(HttpRule rule) => new()
    {
        Required = true,
        Description = rule.BodyType == ContentTypes.Npy ? "An array of numpy's: little-endian, float32 or float64, in C order. docs/rest.md says which axes it has." : "A file that an export has made.",
        Content = new Dictionary<string, IOpenApiMediaType> { [rule.BodyType] = new OpenApiMediaType { Schema = File() } },
    };

    private static OpenApiSchema File() => new() { Type = JsonSchemaType.String, Format = "binary" };

    private static OpenApiResponse AnswerOf(HttpRule rule, DocumentBuilder builder) => new()
    {
        Description = builder.Comments.Of(rule.Method.OutputType.FullName),
        Headers = new Dictionary<string, IOpenApiHeader> { [Server.Calls.CorrelationId.Header] = new OpenApiHeaderReference(Headers.CorrelationId, builder.Document) },
        Content = ContentTypes.Offered(rule).ToDictionary(type => type, IOpenApiMediaType (type) => new OpenApiMediaType { Schema = SchemaOf(type, rule, builder) }),
    };

    private static IOpenApiSchema SchemaOf(string contentType, HttpRule rule, DocumentBuilder builder) => contentType switch
    {
        ContentTypes.JsonLines => new OpenApiSchema
        {
            Type = JsonSchemaType.String,
            Description = "A line of JSON for each message, as it comes.",
            ContentMediaType = ContentTypes.Json,
            ContentSchema = Line(rule.Method.OutputType, builder),
        },
        ContentTypes.Events => new OpenApiSchema
        {
            Type = JsonSchemaType.String,
            Description = $"Server-sent events. data is a message as JSON ({rule.Method.OutputType.Name}){(rule.Token is null ? "" : ", id its token")}; of the last, whose event is end or error, it is a Status.",
        },
        ContentTypes.Json => builder.Schemas.Answer(rule.Method.OutputType),
        _ => File(),
    };

    private static IOpenApiSchema Line(MessageDescriptor message, DocumentBuilder builder)
    {
        var name = $"{message.Name}Line";
        builder.Document.AddComponent(name, new OpenApiSchema
        {
            Description = "A message, or how the stream ended, which is the last line.",
            OneOf =
            [
                Member("result", builder.Schemas.Answer(message), "The message."),
                Member("end", builder.Schemas.Answer(RichStatus.Descriptor), "The call has ended, with OK."),
                Member("error", builder.Schemas.Answer(RichStatus.Descriptor), "The call has failed after it had begun."),
            ],
        });
        return builder.Schemas.Reference(name);
    }

    private static OpenApiSchema Member(string name, IOpenApiSchema schema, string description) => new()
    {
        Type = JsonSchemaType.Object,
        Description = description,
        Properties = new Dictionary<string, IOpenApiSchema> { [name] = schema },
        Required = new HashSet<string> { name },
        AdditionalPropertiesAllowed = false,
    };
}
