using Grpc.Core;
using Mfn.Client;
using Mfn.Contracts.V1;

namespace Mfn.Cli.Runs;

/// <summary>Finds the run that somebody means: by its id, by the beginning of its id, or by its name.</summary>
internal static class RunReference
{
    private const int IdLength = 32;
    private const int MostCandidates = 10;

    /// <summary>The id of the run that is meant. A whole id is taken as it is; for the rest the server is asked which runs there are.</summary>
    /// <exception cref="BadArgumentsException">No run is meant, or more than one.</exception>
    public static async Task<string> ResolveAsync(MfnClient client, string reference, CancellationToken cancellationToken)
    {
        if (reference.Length == IdLength && reference.All(char.IsAsciiHexDigit))
        {
            return reference;
        }

        var candidates = new List<Run>();
        await foreach (var run in client.Runs.ListAsync(cancellationToken: cancellationToken))
        {
            if (run.Name == reference)
            {
                // A name is what somebody has chosen, though its letters may begin an id.
                return run.RunId;
            }

            if (reference.Length > 0 && run.RunId.StartsWith(reference, StringComparison.OrdinalIgnoreCase))
            {
                candidates.Add(run);
            }
        }

        return candidates.Count switch
        {
            0 => throw new RpcException(new Status(StatusCode.NotFound, $"There is no run '{reference}': none has that name, and no id begins so.")),
            1 => candidates[0].RunId,
            _ => throw new BadArgumentsException($"'{reference}' is the beginning of the ids of {candidates.Count} runs: {Tell(candidates)}."),
        };
    }

    private static string Tell(List<Run> candidates) =>
        string.Join(", ", candidates.Take(MostCandidates).Select(run => run.Name.Length > 0 ? $"{run.RunId} ({run.Name})" : run.RunId)) + (candidates.Count > MostCandidates ? " and more" : "");
}
