using Mfn.Contracts.Storage.V1;
using Mfn.Server.Identity;
using Mfn.Server.Storage;

namespace Mfn.Server.Runs;

/// <summary>A run in the data directory that the server has left alone when it started.</summary>
/// <param name="id">Names it: its folder does.</param>
/// <param name="reason">Why: a sentence, fit for clients.</param>
/// <param name="header">What its log says it is; null if it does not.</param>
internal sealed class DamagedRun(RunId id, string reason, RunHeader? header) : IListedRun
{
    // As the contract says.
    private const int MaxReasonLength = 1023;

    private const long LastSecond = 253_402_300_799;

    public RunId Id => id;

    /// <summary>The tenant that its log names; the operator's own, if the log cannot be read or is older than tenants.</summary>
    public string Tenant { get; } = header is { Tenant.Length: > 0 } ? header.Tenant : TenantName.Default;

    public RunName? Name { get; } = header is not null && RunName.TryParse(header.Name, out var name) ? name : null;

    /// <summary>When it was created; the beginning of time if its log does not say.</summary>
    public DateTimeOffset Created { get; } = DateTimeOffset.FromUnixTimeSeconds(Math.Clamp(header?.CreatedUnixSeconds ?? 0, 0, LastSecond));

    public RunState State => RunState.Damaged;

    /// <summary>Why it was left alone.</summary>
    public string Reason { get; } = reason.Length <= MaxReasonLength ? reason : reason[..MaxReasonLength] + "…";

    /// <summary>What its log says it is; null if it does not.</summary>
    public RunHeader? Header => header;

    /// <summary>Why a run cannot be taken up, fit for clients, and whether that is a fault of the server.</summary>
    public static (string Reason, bool IsFault) ReasonOf(Exception error, RunStore store) => error switch
    {
        RunDamagedException damage => (damage.Reason, false),
        InvalidDataException or IOException or UnauthorizedAccessException => (store.WithoutDirectory(error.Message).ReplaceLineEndings(" "), false),
        _ => ("The server met a fault of its own, which its log has.", true),
    };
}
