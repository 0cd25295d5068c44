using System.Collections.Immutable;
using Mfn.Core.Aggregation;
using Mfn.Core.Aggregation.Updates;

namespace Mfn.Server.Aggregation;

/// <summary>Updates that stay where their source has them.</summary>
internal sealed class UpdatesInPlace(
    ImmutableArray<string> clientIds, IUpdateSource source, Func<int, (int Index, double Value)?> beyondSingle) : IRoundUpdates
{
    public int ReceivedCount => source.Count;

    public AdmissionResult Admit(AdmissionPolicy policy, CancellationToken cancellationToken) =>
        Admission.Admit(clientIds, source, policy, cancellationToken: cancellationToken);

    public (int Index, double Value)? BeyondSingle(string clientId) => beyondSingle(clientIds.BinarySearch(clientId, StringComparer.Ordinal));
}
