using Mfn.Core.Aggregation;

namespace Mfn.Server.Aggregation;

/// <summary>The updates of a round as clients sent them, wherever they are.</summary>
internal interface IRoundUpdates
{
    /// <summary>How many came.</summary>
    int ReceivedCount { get; }

    /// <summary>Tells those that satisfy the policy from the others.</summary>
    AdmissionResult Admit(AdmissionPolicy policy, CancellationToken cancellationToken);

    /// <summary>The first component of a client's that is finite, but not as a binary32, if nothing before it is not finite either.</summary>
    (int Index, double Value)? BeyondSingle(string clientId);
}
