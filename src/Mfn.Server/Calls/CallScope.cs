using System.Collections;
using Mfn.Server.Identity;
using Mfn.Server.Logging;

namespace Mfn.Server.Calls;

/// <summary>What is known of a call, for the lines that are logged while it is served. It knows nothing that ends with the call, since what the call begins may outlive it.</summary>
/// <param name="correlationId">What it is known by.</param>
/// <param name="method">What is called, such as <c>mfn.v1.RunService/GetRun</c>; null if it is no RPC of the server.</param>
internal sealed class CallScope(string correlationId, string? method) : ILogScope
{
    /// <summary>What it is known by.</summary>
    public string CorrelationId => correlationId;

    /// <summary>Who calls; null until that is known.</summary>
    public CallerIdentity? Caller { get; set; }

    /// <summary>The live run that it is about; null until that is known, or if there is none.</summary>
    public string? RunId { get; set; }

    public int Count => Members().Count();

    public KeyValuePair<string, object?> this[int index] => Members().ElementAt(index);

    /// <summary>The one of a call.</summary>
    public static CallScope? Of(HttpContext context) => context.Features.Get<CallScope>();

    public IEnumerator<KeyValuePair<string, object?>> GetEnumerator() => Members().GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public override string ToString() => correlationId;

    private IEnumerable<KeyValuePair<string, object?>> Members()
    {
        yield return new("correlation_id", correlationId);
        if (method is not null)
        {
            yield return new("rpc", method);
        }

        if (Caller is { } caller)
        {
            yield return new("identity", caller.Name);
            yield return new("tenant", caller.Tenant);
        }

        if (RunId is { } run)
        {
            yield return new("run_id", run);
        }
    }
}
