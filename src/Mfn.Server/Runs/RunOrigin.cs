using System.Security.Cryptography;
using Mfn.Core.Steering;
using Mfn.Server.Configuration;
using Mfn.Server.Storage;

namespace Mfn.Server.Runs;

/// <summary>What a run begins, or goes on, from.</summary>
/// <param name="Id">Names it.</param>
/// <param name="Epoch">Its timeline.</param>
/// <param name="TokenSecret">Seals its tokens.</param>
/// <param name="Created">When it was created.</param>
/// <param name="Tenant">Who sees it.</param>
/// <param name="Owner">Whose quotas it counts against: an identity of the tenant.</param>
/// <param name="Plan">How it goes.</param>
/// <param name="ForkedFrom">The state of another run that it was forked from; null if it was not.</param>
/// <param name="Checkpoint">The state.</param>
/// <param name="Past">What happened after the checkpoint, or nothing.</param>
internal sealed record RunOrigin(
    RunId Id,
    ulong Epoch,
    ReadOnlyMemory<byte> TokenSecret,
    DateTimeOffset Created,
    string Tenant,
    string Owner,
    RunPlan Plan,
    ForkPoint? ForkedFrom,
    SimulationCheckpoint Checkpoint,
    RunPast Past)
{
    /// <summary>Of a run that has not been there before.</summary>
    public static RunOrigin Create(string tenant, string owner, RunPlan plan, ForkPoint? forkedFrom, SimulationCheckpoint checkpoint, DateTimeOffset created) => new(
        RunId.Create(),
        BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))),
        RandomNumberGenerator.GetBytes(16),
        created,
        tenant,
        owner,
        plan,
        forkedFrom,
        checkpoint,
        RunPast.None with { Horizon = checkpoint.State.Step });

    /// <summary>The limits that the run is over, with what it has and what is allowed.</summary>
    public IEnumerable<(string Setting, long Value, long Limit)> Outgrown(LimitsOptions limits, RunsOptions options)
    {
        var spec = Checkpoint.Spec;
        (string Setting, long Value, long Limit)[] sizes =
        [
            ("Limits:MaxGridSize", Math.Max(spec.RowCount, spec.ColumnCount), limits.MaxGridSize),
            ("Runs:MaxHistoryBytesPerRun", RunHistory.LeastBytes(spec, Plan.HistorySteps), options.MaxHistoryBytesPerRun),
            ("Runs:MaxCommandsPerRun", Past.Commands.Count, options.MaxCommandsPerRun),
            ("Runs:MaxCommandBytesPerRun", Past.Commands.Sum(command => command.Command.ByteCount), options.MaxCommandBytesPerRun),
        ];
        return sizes.Where(size => size.Value > size.Limit);
    }
}
