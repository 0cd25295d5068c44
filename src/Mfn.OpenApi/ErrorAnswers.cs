using System.Globalization;
using Mfn.Server.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.OpenApi;
using RichStatus = Google.Rpc.Status;

namespace Mfn.OpenApi;

/// <summary>Answers of calls that were not served: a component for each status of HTTP.</summary>
internal sealed class ErrorAnswers
{
    private readonly OpenApiDocument _document;
    private readonly Dictionary<int, string> _names = [];

    public ErrorAnswers(OpenApiDocument document, MessageSchemas schemas)
    {
        _document = document;
        Add(StatusCodes.Status400BadRequest, "BadRequestAnswer", "INVALID_ARGUMENT, FAILED_PRECONDITION or OUT_OF_RANGE: the request is wrong, or does not fit the state of things. A BadRequest lists all problems.");
        Add(StatusCodes.Status401Unauthorized, "Unauthenticated", "UNAUTHENTICATED: no credential, or one that is not good.");
        Add(StatusCodes.Status403Forbidden, "PermissionDenied", "PERMISSION_DENIED: the caller, or the page that asks, may not do this.");
        Add(StatusCodes.Status404NotFound, "NotFound", "NOT_FOUND: there is no such run, or nothing at the path.");
        Add(StatusCodes.Status406NotAcceptable, "NotAcceptable", "INVALID_ARGUMENT: Accept allows none of the forms that there are.");
        Add(StatusCodes.Status409Conflict, "Conflict", "ALREADY_EXISTS or ABORTED: the name is taken, or another has been faster.");
        Add(StatusCodes.Status413PayloadTooLarge, "TooLarge", "RESOURCE_EXHAUSTED: the request is larger than Limits:MaxRequestBytes.");
        Add(StatusCodes.Status415UnsupportedMediaType, "UnsupportedMediaType", "INVALID_ARGUMENT: Content-Type or Content-Encoding is not what there is.");
        Add(StatusCodes.Status426UpgradeRequired, "UpgradeRequired", "INVALID_ARGUMENT: there is a WebSocket here, of another version than was asked for, or nothing else.");
        Add(StatusCodes.Status429TooManyRequests, "TooMany", "RESOURCE_EXHAUSTED: a limit of the server, or a quota of the caller.");
        Add(StatusCodes.Status500InternalServerError, "InternalError", "INTERNAL, UNKNOWN or DATA_LOSS: a fault of the server; its log says more.");
        Add(StatusCodes.Status501NotImplemented, "NotImplemented", "UNIMPLEMENTED: the server does not have it.");
        Add(StatusCodes.Status503ServiceUnavailable, "Unavailable", "UNAVAILABLE: the server stops, or is short of something for the moment.");
        Add(StatusCodes.Status504GatewayTimeout, "DeadlineExceeded", "DEADLINE_EXCEEDED: the deadline has passed, or would before the call is done.");

        void Add(int status, string name, string description)
        {
            var response = new OpenApiResponse
            {
                Description = description,
                Headers = new Dictionary<string, IOpenApiHeader> { [Server.Calls.CorrelationId.Header] = new OpenApiHeaderReference(Headers.CorrelationId, document) },
                Content = new Dictionary<string, IOpenApiMediaType> { [ContentTypes.Json] = new OpenApiMediaType { Schema = schemas.Answer(RichStatus.Descriptor) } },
            };
            if (status is StatusCodes.Status429TooManyRequests or StatusCodes.Status503ServiceUnavailable)
            {
                response.Headers.Add("Retry-After", new OpenApiHeaderReference(Headers.RetryAfter, document));
            }

            if (status == StatusCodes.Status401Unauthorized)
            {
                response.Headers.Add("WWW-Authenticate", new OpenApiHeader { Schema = new OpenApiSchema { Type = JsonSchemaType.String } });
            }

            document.AddComponent<IOpenApiResponse>(name, response);
            _names.Add(status, name);
        }
    }

    /// <summary>The one of a status.</summary>
    public IOpenApiResponse Of(int status) => new OpenApiResponseReference(_names[status], _document);

    /// <summary>Adds those that an operation can have to its answers.</summary>
    /// <param name="responses">Gets them.</param>
    /// <param name="isOfSomething">Whether its path names something.</param>
    /// <param name="canConflict">Whether there can be two of something that there must be one of.</param>
    public void AddTo(OpenApiResponses responses, bool isOfSomething, bool canConflict)
    {
        foreach (var status in _names.Keys)
        {
            var canBe = status switch
            {
                StatusCodes.Status404NotFound => isOfSomething,
                StatusCodes.Status409Conflict => canConflict,
                StatusCodes.Status426UpgradeRequired => false,
                _ => true,
            };
            if (canBe)
            {
                responses.Add(status.ToString(CultureInfo.InvariantCulture), Of(status));
            }
        }
    }
}
