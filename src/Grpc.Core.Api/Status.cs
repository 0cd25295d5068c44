namespace Grpc.Core;

/// <summary>The outcome of a call: a code, a text for people and, on the client, the exception behind it.</summary>
public struct Status
{
    /// <summary>Success without detail.</summary>
    public static readonly Status DefaultSuccess = new(StatusCode.OK, "");

    /// <summary>Cancellation without detail.</summary>
    public static readonly Status DefaultCancelled = new(StatusCode.Cancelled, "");

    /// <summary>Makes a status out of a code and a text, which travels to the peer.</summary>
    public Status(StatusCode statusCode, string detail)
        : this(statusCode, detail, null)
    {
    }

    /// <summary>Makes a status that also keeps the local cause, which never travels to the peer.</summary>
    public Status(StatusCode statusCode, string detail, Exception? debugException)
    {
        StatusCode = statusCode;
        Detail = detail;
        DebugException = debugException;
    }

    /// <summary>How the call ended.</summary>
    public StatusCode StatusCode { get; }

    /// <summary>What happened, for people.</summary>
    public string Detail { get; }

    /// <summary>The local exception that led to this status, or null; for debugging, not for decisions.</summary>
    public Exception? DebugException { get; }

    /// <summary>Shows the code, the detail and, if there is one, the exception behind it.</summary>
    public override string ToString() => DebugException is null
        ? $"Status(StatusCode=\"{StatusCode}\", Detail=\"{Detail}\")"
        : $"Status(StatusCode=\"{StatusCode}\", Detail=\"{Detail}\", "
            + $"DebugException=\"{DebugException.GetType()}: {DebugException.Message}\")";
}
