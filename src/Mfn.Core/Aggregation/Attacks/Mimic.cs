using Mfn.Core.Aggregation.Updates;

namespace Mfn.Core.Aggregation.Attacks;

/// <summary>All send what one honest client sends, which then counts too much.</summary>
/// <remarks>S. P. Karimireddy, L. He and M. Jaggi, "Byzantine-Robust Learning on Heterogeneous Datasets via Bucketing", 2022.</remarks>
public sealed class Mimic(int client = 0) : IAttack
{
    /// <inheritdoc/>
    public string Name => "mimic";

    /// <inheritdoc/>
    public float[][] Craft(UpdateSet honest, int byzantineCount)
    {
        ArgumentNullException.ThrowIfNull(honest);
        return [.. Enumerable.Repeat(honest[client].ToArray(), byzantineCount)];
    }
}
