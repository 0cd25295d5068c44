namespace Mfn.Core.Aggregation.Rules;

/// <summary>What is called Krum; the variants differ in the distance, the number of neighbours and the f that they accept.</summary>
public enum KrumVariant
{
    /// <summary>"blanchard2017": squared distances to the n - f - 2 nearest others; n >= 2f + 3. The paper's, with its guarantee.</summary>
    Blanchard2017,

    /// <summary>"flower-compat": squared distances to the max(1, n - f - 2) nearest others; no guarantee below n = 2f + 3.</summary>
    FlowerCompat,

    /// <summary>"byzfl-compat": squared distances to the n - f - 1 nearest others; n >= 2f + 1.</summary>
    ByzflCompat,

    /// <summary>
    /// "mfn-4.1-compat": distances, not squared, to the max(1, n - f - 2) nearest others; no guarantee below n = 2f + 3. Where the
    /// original chose the client that sent NaN, that client is refused.
    /// </summary>
    MfnV41Compat,
}
