using Microsoft.OpenApi;

namespace Mfn.OpenApi;

/// <summary>What is spoken over WebSockets, of which OpenAPI knows the handshake alone.</summary>
internal sealed class SocketPaths : IDocumentPart
{
    private static readonly (string Path, string Id, string Summary)[] Sockets =
    [
        ("/ws/simulation_live", "referenceSimulationLive", "The states of a simulation, as the Python service streams them"),
        ("/ws/stream_features", "referenceStreamFeatures", "Features of a simulation that goes on, as the Python service streams them"),
    ];

    public void AddTo(DocumentBuilder builder)
    {
        foreach (var (path, id, summary) in Sockets)
        {
            var responses = new OpenApiResponses { ["400"] = builder.Errors.Of(400), ["403"] = builder.Errors.Of(403) };
            AddUpgrade(responses, "docs/reference-api.md", builder);
            builder.Add("GET", path, new OpenApiOperation
            {
                OperationId = id,
                Summary = summary,
                Description = $"{summary}. It is a WebSocket, whose first messages bring the key: docs/reference-api.md has them.",
                Tags = builder.Tag(ReferencePaths.Tag, ReferencePaths.Meaning),
                Security = Security.None,
                Responses = responses,
            });
        }
    }

    /// <summary>Says that a connection can become a WebSocket here.</summary>
    /// <param name="responses">Gets what is then answered.</param>
    /// <param name="page">The page that has its messages.</param>
    /// <param name="builder">Of the document.</param>
    public static void AddUpgrade(OpenApiResponses responses, string page, DocumentBuilder builder)
    {
        responses.Add("101", new OpenApiResponse { Description = $"The connection becomes the WebSocket that was asked for: {page} has its messages." });
        responses.Add("426", builder.Errors.Of(426));
    }
}
