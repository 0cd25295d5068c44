using System.Text.Json.Nodes;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using Microsoft.OpenApi;

namespace Mfn.OpenApi;

/// <summary>Schemas of messages as JSON has them: a component each. One that is in requests and in answers has two, since requests may say less, and 64-bit integers as numbers.</summary>
/// <param name="document">Gets the components.</param>
/// <param name="comments">What fields mean.</param>
/// <param name="inRequests">The messages that requests have.</param>
/// <param name="inAnswers">Those that answers have.</param>
internal sealed class MessageSchemas(OpenApiDocument document, ContractComments comments, IReadOnlySet<MessageDescriptor> inRequests, IReadOnlySet<MessageDescriptor> inAnswers)
{
    /// <summary>What says whose setting a bound is.</summary>
    public const string SettingExtension = "x-mfn-setting";

    private const string Base64 = "base64";
    private const string TypePrefix = "type.googleapis.com/";
    private const string Whole = "^-?[0-9]+$";

    private static readonly IReadOnlyList<MessageDescriptor> Details =
    [
        Google.Rpc.BadRequest.Descriptor, Google.Rpc.ErrorInfo.Descriptor, Google.Rpc.QuotaFailure.Descriptor, Google.Rpc.RetryInfo.Descriptor,
    ];

    private readonly HashSet<string> _made = [];

    /// <summary>A message of a request.</summary>
    /// <param name="message">Which.</param>
    /// <param name="without">Fields that are given elsewhere.</param>
    public IOpenApiSchema Request(MessageDescriptor message, IReadOnlyCollection<string> without)
    {
        var reference = Of(message, isRequest: true);
        var schema = (OpenApiSchema)document.Components!.Schemas![((OpenApiSchemaReference)reference).Reference.Id!];
        foreach (var name in without)
        {
            schema.Properties!.Remove(name);
            schema.Required!.Remove(name);
        }

        return reference;
    }

    /// <summary>Whether a message of a request must have something in it.</summary>
    public bool IsRequired(MessageDescriptor message) => message.Fields.InDeclarationOrder().Any(field => LimitsOf(field).IsRequired);

    /// <summary>A message of an answer.</summary>
    public IOpenApiSchema Answer(MessageDescriptor message) => Of(message, isRequest: false);

    /// <summary>A field of a request, for a path or a query.</summary>
    public IOpenApiSchema Parameter(FieldDescriptor field)
    {
        var schema = Field(field, isRequest: true);
        (schema as OpenApiSchema)?.Description = null;
        return schema;
    }

    /// <summary>A schema by its name, whoever makes it.</summary>
    public IOpenApiSchema Reference(string name) => new OpenApiSchemaReference(name, document);

    private IOpenApiSchema Of(MessageDescriptor message, bool isRequest)
    {
        if (message == Duration.Descriptor)
        {
            return new OpenApiSchema { Type = JsonSchemaType.String, Pattern = @"^-?[0-9]+(\.[0-9]{1,9})?s$" };
        }

        if (message == Any.Descriptor)
        {
            return OfAny();
        }

        var name = (message.ContainingType?.Name ?? "") + message.Name + (isRequest && inAnswers.Contains(message) ? "Input" : "");
        if (_made.Add(name))
        {
            document.AddComponent(name, isRequest ? Input(message) : Output(message));
        }

        return Reference(name);
    }

    private OpenApiSchema Input(MessageDescriptor message)
    {
        var schema = Object(message, isRequest: true);
        schema.Required = message.Fields.InDeclarationOrder().Where(field => LimitsOf(field).IsRequired).Select(field => field.Name).ToHashSet();
        foreach (var oneof in message.Oneofs.Where(oneof => !oneof.IsSynthetic))
        {
            string[] names = [.. oneof.Fields.Select(field => field.Name)];
            schema.Description = $"{schema.Description} At most one of {string.Join(", ", names)} may be there.".Trim();
            if (oneof.Fields.Count == message.Fields.InDeclarationOrder().Count)
            {
                schema.MaxProperties = 1;
            }
            else
            {
                schema.Not = new OpenApiSchema
                {
                    AnyOf = [.. names.SelectMany((first, i) => names.Skip(i + 1).Select(second => new OpenApiSchema { Required = new HashSet<string> { first, second } }))],
                };
            }
        }

        return schema;
    }

    private OpenApiSchema Output(MessageDescriptor message)
    {
        var schema = Object(message, isRequest: false);

        // Those that can be set or not are there if they are set.
        schema.Required = message.Fields.InDeclarationOrder().Where(field => !field.HasPresence).Select(field => field.Name).ToHashSet();
        return schema;
    }

    private OpenApiSchema Object(MessageDescriptor message, bool isRequest) => new()
    {
        Type = JsonSchemaType.Object,
        Description = NullIfEmpty(comments.Of(message.FullName)),
        Properties = message.Fields.InDeclarationOrder().ToDictionary(field => field.Name, field => Described(field, isRequest)),
        AdditionalPropertiesAllowed = false,
    };

    private IOpenApiSchema Described(FieldDescriptor field, bool isRequest)
    {
        var schema = Field(field, isRequest);
        var description = NullIfEmpty(comments.Of(field.FullName));
        switch (schema)
        {
            case OpenApiSchema own:
                own.Description = description;
                break;
            case OpenApiSchemaReference reference:
                reference.Description = description;
                break;
        }

        return schema;
    }

    private IOpenApiSchema Field(FieldDescriptor field, bool isRequest)
    {
        var limits = LimitsOf(field);
        if (field.IsMap)
        {
            return new OpenApiSchema { Type = JsonSchemaType.Object, AdditionalProperties = Single(field.MessageType.FindFieldByNumber(2), limits, isRequest) };
        }

        if (!field.IsRepeated)
        {
            return Single(field, limits, isRequest);
        }

        var list = new OpenApiSchema
        {
            Type = JsonSchemaType.Array,
            Items = Single(field, limits, isRequest),
            MinItems = isRequest ? limits.MinCount : null,
            MaxItems = limits.MaxCount,
        };
        AddSetting(list, field, isRequest);
        return list;
    }

    private IOpenApiSchema Single(FieldDescriptor field, FieldLimits limits, bool isRequest)
    {
        switch (field.FieldType)
        {
            case FieldType.Message:
                return Of(field.MessageType, isRequest);
            case FieldType.Enum:
                return Enum(field.EnumType, limits, isRequest && !field.IsRepeated);
        }

        var schema = Plain(field.FieldType, isRequest);
        if (schema.Type is { } type && (type.HasFlag(JsonSchemaType.Integer) || type.HasFlag(JsonSchemaType.Number)))
        {
            if (isRequest || !inRequests.Contains(field.ContainingType))
            {
                // What a request may ask for is not all that a run can have become.
                Bound(schema, limits);
            }

            if (!field.IsRepeated)
            {
                AddSetting(schema, field, isRequest);
            }
        }

        schema.MaxLength = schema.ContentEncoding is null ? limits.MaxLength : (limits.MaxLength + 2) / 3 * 4;
        if (isRequest)
        {
            schema.MinLength = limits.MinLength;
            schema.Enum = limits.Allowed.Count == 0 ? null : [.. limits.Allowed.Select(value => JsonNode.Parse(value)!)];
            schema.Default = field.IsRepeated ? null : DefaultOf(field, limits);
        }

        return schema;
    }

    private static void Bound(OpenApiSchema schema, FieldLimits limits)
    {
        if (limits.Minimum is { } minimum)
        {
            (schema.Minimum, schema.ExclusiveMinimum) = limits.ExcludesMinimum ? ((string?)null, minimum) : (minimum, null);
        }

        if (limits.Maximum is { } maximum)
        {
            (schema.Maximum, schema.ExclusiveMaximum) = limits.ExcludesMaximum ? ((string?)null, maximum) : (maximum, null);
        }
    }

    private static void AddSetting(OpenApiSchema schema, FieldDescriptor field, bool isRequest)
    {
        if (isRequest && SettingBounds.Of(field.FullName) is { } setting)
        {
            if (schema is { Maximum: null, MaxItems: null })
            {
                throw new InvalidOperationException($"The comment of {field.FullName} does not say what {setting} is by default.");
            }

            schema.AddExtension(SettingExtension, new JsonNodeExtension(JsonValue.Create(setting)));
        }
    }

    private static OpenApiSchema Plain(FieldType type, bool isRequest) => type switch
    {
        FieldType.String => new() { Type = JsonSchemaType.String },
        FieldType.Bytes => new() { Type = JsonSchemaType.String, ContentEncoding = Base64 },
        FieldType.Bool => new() { Type = JsonSchemaType.Boolean },
        FieldType.Double => new() { Type = JsonSchemaType.Number, Format = "double" },
        FieldType.Float => new() { Type = JsonSchemaType.Number, Format = "float" },
        FieldType.Int32 or FieldType.SInt32 or FieldType.SFixed32 => new() { Type = JsonSchemaType.Integer, Format = "int32" },
        FieldType.UInt32 or FieldType.Fixed32 => new() { Type = JsonSchemaType.Integer, Format = "int64", Minimum = "0", Maximum = "4294967295" },
        FieldType.UInt64 or FieldType.Fixed64 => new() { Type = Long(isRequest), Format = "uint64", Pattern = "^[0-9]+$" },
        _ => new() { Type = Long(isRequest), Format = "int64", Pattern = Whole },
    };

    // Out as texts, since JavaScript would round them; in as either.
    private static JsonSchemaType Long(bool isRequest) => isRequest ? JsonSchemaType.String | JsonSchemaType.Integer : JsonSchemaType.String;

    private OpenApiSchemaReference Enum(EnumDescriptor type, FieldLimits limits, bool isRequest)
    {
        if (_made.Add(type.Name))
        {
            var values = type.Values.Select(value => (value.Name, Comment: comments.Of($"{type.FullName}.{value.Name}"))).ToList();
            document.AddComponent(type.Name, new OpenApiSchema
            {
                Type = JsonSchemaType.String,
                Description = $"{comments.Of(type.FullName)}\n{string.Join('\n', values.Select(value => $"- {value.Name}: {value.Comment}"))}",
                Enum = [.. values.Select(value => (JsonNode)JsonValue.Create(value.Name))],
            });
        }

        var reference = new OpenApiSchemaReference(type.Name, document);
        if (isRequest && limits.Default is { } name && type.FindValueByName(name) is not null)
        {
            reference.Default = JsonValue.Create(name);
        }

        return reference;
    }

    private static JsonNode? DefaultOf(FieldDescriptor field, FieldLimits limits) => (limits.Default, field.FieldType) switch
    {
        (null, _) => null,
        ("true" or "false", FieldType.Bool) => JsonNode.Parse(limits.Default),
        (var text, FieldType.String) when text.StartsWith('"') => JsonNode.Parse(text),
        (var text, FieldType.Int64 or FieldType.UInt64 or FieldType.Fixed64) when char.IsAsciiDigit(text[^1]) => JsonValue.Create(text),
        (var text, FieldType.Int32 or FieldType.Double or FieldType.Float) when char.IsAsciiDigit(text[^1]) => JsonNode.Parse(text),
        _ => null,
    };

    // A message of any type says which it is.
    private OpenApiSchema OfAny() => new()
    {
        OneOf = [.. Details.Select(OfDetail)],
        Discriminator = new OpenApiDiscriminator
        {
            PropertyName = "@type",
            Mapping = Details.ToDictionary(detail => TypePrefix + detail.FullName, detail => new OpenApiSchemaReference(detail.Name, document)),
        },
    };

    private IOpenApiSchema OfDetail(MessageDescriptor detail)
    {
        if (_made.Add(detail.Name))
        {
            var schema = Output(detail);
            schema.Properties = new Dictionary<string, IOpenApiSchema>(schema.Properties!.Prepend(
                KeyValuePair.Create("@type", (IOpenApiSchema)new OpenApiSchema { Type = JsonSchemaType.String, Enum = [JsonValue.Create(TypePrefix + detail.FullName)] })));
            schema.Required!.Add("@type");
            document.AddComponent(detail.Name, schema);
        }

        return Reference(detail.Name);
    }

    private FieldLimits LimitsOf(FieldDescriptor field) => FieldLimits.Read(comments.Of(field.FullName));

    private static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;
}
