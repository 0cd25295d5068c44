using System.Globalization;
using System.Text.Json.Nodes;
using Mfn.Server.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.OpenApi;

namespace Mfn.OpenApi;

/// <summary>The API of the Python service, which docs/reference-api.md tells of. It takes more than is said here: what Python's json and pydantic read.</summary>
internal sealed class ReferencePaths : IDocumentPart
{
    /// <summary>What its operations have in common.</summary>
    public const string Tag = "Reference";

    /// <summary>What that is.</summary>
    public const string Meaning = "The API of MyceliumFractalNet 4.1's Python service, for its clients: docs/reference-api.md tells what differs.";

    private const string Problems = "ReferenceProblems";
    private const string Refusal = "ReferenceRefusal";

    private static readonly (int Status, string Description)[] Refusals =
    [
        (StatusCodes.Status400BadRequest, "Gradients that cannot be aggregated, or a body that is not UTF-8 or is nested too deep."),
        (StatusCodes.Status401Unauthorized, "No credential, or one that is not good."),
        (StatusCodes.Status403Forbidden, "The caller, or the page that asks, may not do this."),
        (StatusCodes.Status413PayloadTooLarge, "The body is larger than Limits:MaxRequestBytes."),
        (StatusCodes.Status415UnsupportedMediaType, "Content-Encoding is not what there is."),
        (StatusCodes.Status429TooManyRequests, "A limit of the server, or a quota of the caller."),
        (StatusCodes.Status500InternalServerError, "Values of which nothing can be computed, or a fault of the server."),
        (StatusCodes.Status503ServiceUnavailable, "The server stops, or is short of something for the moment."),
        (StatusCodes.Status504GatewayTimeout, "The deadline has passed, or would before the call is done."),
    ];

    public void AddTo(DocumentBuilder builder)
    {
        var document = builder.Document;
        var tags = builder.Tag(Tag, Meaning);
        document.AddComponent(Problems, Object(
            "Everything that is wrong with a body.",
            ("detail", new OpenApiSchema { Type = JsonSchemaType.Array, Items = Problem() })));
        document.AddComponent(Refusal, Object("Why it is refused.", ("detail", Text())));
        builder.Add("GET", "/health", new OpenApiOperation
        {
            OperationId = "referenceHealth",
            Summary = "Whether the server is there, which says nothing of readiness",
            Tags = tags,
            Security = Security.None,
            Responses = new OpenApiResponses
            {
                ["200"] = Answer("It is.", Object("The server's health, and the version of this API.", ("status", Text()), ("version", Text()))),
                ["403"] = Answer("The page that asks may not.", builder.Schemas.Reference(Refusal)),
            },
        });
        Add(builder, tags, "/nernst", "referenceNernst", "The equilibrium potential of an ion", """{"concentration_out_molar": 0.005, "concentration_in_molar": 0.14}""",
            [
                ("z_valence", Integer(1, 1, 3)), ("concentration_out_molar", Number(null, 0, null, isAbove: true)), ("concentration_in_molar", Number(null, 0, null, isAbove: true)),
                ("temperature_k", Number(310, 273, 373)),
            ],
            ["concentration_out_molar", "concentration_in_molar"],
            [("potential_mV", Number())]);
        Add(builder, tags, "/simulate", "referenceSimulate", "A simulation, and what its last field is like", """{"seed": 42, "grid_size": 32, "steps": 32}""",
            [
                ("seed", Integer(42, 0, long.MaxValue)), ("grid_size", Integer(64, 8, 256)), ("steps", Integer(64, 1, 1000)), ("alpha", Number(0.18, 0, 1)),
                ("spike_probability", Number(0.25, 0, 1)), ("turing_enabled", Flag(true)), ("turing_threshold", Number(0.75, 0, 1)), ("quantum_jitter", Flag(false)),
                ("jitter_var", Number(0.0005, 0, 0.01)), ("strict", Flag(false)),
            ],
            [],
            [
                ("growth_events", Whole()), ("pot_min_mV", Number()), ("pot_max_mV", Number()), ("pot_mean_mV", Number()), ("pot_std_mV", Number()), ("fractal_dimension", Number()),
            ]);
        Add(builder, tags, "/validate", "referenceValidate", "The validation cycle", """{"seed": 42, "grid_size": 16, "steps": 8}""",
            [
                ("seed", Integer(42, 0, long.MaxValue)), ("epochs", Integer(1, 1, 100)), ("batch_size", Integer(4, 1, 64)), ("grid_size", Integer(64, 8, 256)), ("steps", Integer(64, 1, 1000)),
                ("turing_enabled", Flag(true)), ("quantum_jitter", Flag(false)),
            ],
            [],
            [
                ("loss_start", Number()), ("loss_final", Number()), ("loss_drop", Number()), ("pot_min_mV", Number()), ("pot_max_mV", Number()), ("example_fractal_dim", Number()),
                ("lyapunov_exponent", Number()), ("growth_events", Number()), ("nernst_symbolic_mV", Number()), ("nernst_numeric_mV", Number()),
            ]);
        Add(builder, tags, "/federated/aggregate", "referenceAggregate", "Hierarchical Krum", """{"gradients": [[1, 2], [1.5, 2.5], [1.25, 2.25]], "num_clusters": 1}""",
            [
                ("gradients", List(List(Number()))), ("num_clusters", Integer(10, 1, 1000)), ("byzantine_fraction", Number(0.2, 0, 0.5)),
            ],
            ["gradients"],
            [("aggregated_gradient", List(Number())), ("num_input_gradients", Whole())]);
    }

    private static void Add(
        DocumentBuilder builder, ISet<OpenApiTagReference> tags, string path, string id, string summary, string example, (string Name, IOpenApiSchema Schema)[] members, string[] required,
        (string Name, IOpenApiSchema Schema)[] answer)
    {
        var body = Object(null, members);
        body.Required = required.ToHashSet();

        // Those that it does not know it passes over.
        body.AdditionalPropertiesAllowed = true;
        var responses = new OpenApiResponses
        {
            ["200"] = Answer("What came out.", Object(null, answer)),
            ["422"] = Answer("The body is not what it must be.", builder.Schemas.Reference(Problems)),
        };
        foreach (var (status, description) in Refusals)
        {
            var refused = Answer(description, builder.Schemas.Reference(Refusal));
            if (status is StatusCodes.Status429TooManyRequests or StatusCodes.Status503ServiceUnavailable)
            {
                refused.Headers = new Dictionary<string, IOpenApiHeader> { ["Retry-After"] = new OpenApiHeaderReference(Headers.RetryAfter, builder.Document) };
            }

            responses.Add(status.ToString(CultureInfo.InvariantCulture), refused);
        }

        builder.Add("POST", path, new OpenApiOperation
        {
            OperationId = id,
            Summary = summary,
            Tags = tags,
            Parameters = [new OpenApiParameterReference(Headers.CorrelationId, builder.Document), new OpenApiParameterReference(Headers.RequestTimeout, builder.Document)],
            RequestBody = new OpenApiRequestBody
            {
                Required = true,
                Content = new Dictionary<string, IOpenApiMediaType>
                {
                    [ContentTypes.Json] = new OpenApiMediaType
                    {
                        Schema = body,
                        Examples = new Dictionary<string, IOpenApiExample> { ["usual"] = new OpenApiExample { Value = JsonNode.Parse(example) } },
                    },
                },
            },
            Responses = responses,
        });
    }

    private static OpenApiResponse Answer(string description, IOpenApiSchema schema) => new()
    {
        Description = description,
        Content = new Dictionary<string, IOpenApiMediaType> { [ContentTypes.Json] = new OpenApiMediaType { Schema = schema } },
    };

    private static OpenApiSchema Problem()
    {
        var place = List(new OpenApiSchema { Type = JsonSchemaType.String | JsonSchemaType.Integer });
        var problem = Object(
            "One thing that is wrong: where, in words, its kind, and what it is compared with.",
            ("loc", place), ("msg", Text()), ("type", Text()), ("ctx", new OpenApiSchema { Type = JsonSchemaType.Object }));
        problem.Required!.Remove("ctx");
        return problem;
    }

    private static OpenApiSchema Object(string? description, params (string Name, IOpenApiSchema Schema)[] members) => new()
    {
        Type = JsonSchemaType.Object,
        Description = description,
        Properties = members.ToDictionary(member => member.Name, member => member.Schema),
        Required = members.Select(member => member.Name).ToHashSet(),
        AdditionalPropertiesAllowed = false,
    };

    private static OpenApiSchema List(OpenApiSchema of) => new() { Type = JsonSchemaType.Array, Items = of };

    private static OpenApiSchema Text() => new() { Type = JsonSchemaType.String };

    private static OpenApiSchema Flag(bool byDefault) => new() { Type = JsonSchemaType.Boolean, Default = JsonValue.Create(byDefault) };

    private static OpenApiSchema Whole() => new() { Type = JsonSchemaType.Integer, Format = "int64" };

    private static OpenApiSchema Number() => new() { Type = JsonSchemaType.Number, Format = "double" };

    private static OpenApiSchema Integer(long byDefault, long least, long most) => new()
    {
        Type = JsonSchemaType.Integer,
        Format = most == long.MaxValue ? "int64" : "int32",
        Default = JsonValue.Create(byDefault),
        Minimum = least.ToString(CultureInfo.InvariantCulture),
        Maximum = most.ToString(CultureInfo.InvariantCulture),
    };

    private static OpenApiSchema Number(double? byDefault, double least, double? most, bool isAbove = false)
    {
        var schema = Number();
        schema.Default = byDefault is { } value ? JsonValue.Create(value) : null;
        schema.Maximum = most?.ToString("R", CultureInfo.InvariantCulture);
        var bound = least.ToString("R", CultureInfo.InvariantCulture);
        (schema.Minimum, schema.ExclusiveMinimum) = isAbove ? ((string?)null, bound) : (bound, null);
        return schema;
    }
}
