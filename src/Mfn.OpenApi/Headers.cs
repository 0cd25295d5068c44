using Microsoft.OpenApi;

namespace Mfn.OpenApi;

/// <summary>The headers that operations have in common.</summary>
internal static class Headers
{
    public const string CorrelationId = "CorrelationId";
    public const string RequestTimeout = "RequestTimeout";
    public const string RetryAfter = "RetryAfter";

    // The characters are those that CorrelationId has.
    private static readonly string FormOfIds = $"^[0-9A-Za-z_.:-]{{1,{Server.Calls.CorrelationId.MaxLength}}}$";

    public static void AddTo(OpenApiDocument document)
    {
        document.AddComponent<IOpenApiParameter>(CorrelationId, new OpenApiParameter
        {
            Name = Server.Calls.CorrelationId.Header,
            In = ParameterLocation.Header,
            Description = "What the call is to be known by in logs, spans and the answer. Another form than this is passed over, and the server takes an id of its own.",
            Schema = new OpenApiSchema { Type = JsonSchemaType.String, Pattern = FormOfIds },
        });
        document.AddComponent<IOpenApiParameter>(RequestTimeout, new OpenApiParameter
        {
            Name = "Request-Timeout",
            In = ParameterLocation.Header,
            Description = "The deadline of the call, in seconds. After it the answer is 504, and the server stops computing.",
            Schema = new OpenApiSchema { Type = JsonSchemaType.Number, ExclusiveMinimum = "0", Maximum = "99999999" },
        });
        document.AddComponent<IOpenApiHeader>(CorrelationId, new OpenApiHeader
        {
            Description = "What the call is known by in the server's logs and spans.",
            Schema = new OpenApiSchema { Type = JsonSchemaType.String, Pattern = FormOfIds },
        });
        document.AddComponent<IOpenApiHeader>(RetryAfter, new OpenApiHeader
        {
            Description = "Seconds to wait before another try. It is not there if waiting does not help.",
            Schema = new OpenApiSchema { Type = JsonSchemaType.Integer, Minimum = "0" },
        });
    }
}
