using Mfn.Core.Aggregation.Updates;

namespace Mfn.Core.Aggregation.Attacks;

/// <summary>
/// What Byzantine clients send who know all honest updates: for measuring rules, not for use. Immutable, thread-safe and deterministic.
/// </summary>
public interface IAttack
{
    /// <summary>The attack's name, such as "sign-flip".</summary>
    string Name { get; }

    /// <summary>As many vectors as there are attackers; they may be anything, also not finite.</summary>
    float[][] Craft(UpdateSet honest, int byzantineCount);
}
