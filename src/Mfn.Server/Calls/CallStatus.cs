using System.Globalization;
using Grpc.Core;
using Microsoft.AspNetCore.Http.Features;

namespace Mfn.Server.Calls;

/// <summary>How a call has ended.</summary>
internal static class CallStatus
{
    private const string Header = "grpc-status";

    // As the protocol spells them.
    private static readonly string[] Names =
    [
        "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
    ];

    /// <summary>The status that a call was answered with, or else what became of it.</summary>
    public static StatusCode Of(HttpContext context)
    {
        // A call that was refused before its handler ran has its status among the headers.
        var text = context.Features.Get<IHttpResponseTrailersFeature>()?.Trailers[Header].ToString();
        text = string.IsNullOrEmpty(text) ? context.Response.Headers[Header].ToString() : text;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var status) ? (StatusCode)status
            : context.RequestAborted.IsCancellationRequested ? StatusCode.Cancelled
            : StatusCode.Unknown;
    }

    /// <summary>The name of a status as the protocol spells it, such as <c>RESOURCE_EXHAUSTED</c>.</summary>
    public static string NameOf(StatusCode code) => (int)code is >= 0 and var index && index < Names.Length ? Names[index] : Names[(int)StatusCode.Unknown];
}
