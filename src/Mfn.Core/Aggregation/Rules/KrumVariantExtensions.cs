namespace Mfn.Core.Aggregation.Rules;

/// <summary>The variants' definitions.</summary>
internal static class KrumVariantExtensions
{
    public static string Name(this KrumVariant variant) => variant switch
    {
        KrumVariant.Blanchard2017 => "blanchard2017",
        KrumVariant.FlowerCompat => "flower-compat",
        KrumVariant.ByzflCompat => "byzfl-compat",
        KrumVariant.MfnV41Compat => "mfn-4.1-compat",
        _ => throw new ArgumentOutOfRangeException(nameof(variant), variant, "There is no such variant."),
    };

    public static RulePrecondition Precondition(this KrumVariant variant, string rule) => variant switch
    {
        KrumVariant.Blanchard2017 => RulePrecondition.LinearWithDistances($"{rule} ({variant.Name()})", 2, 3),
        KrumVariant.ByzflCompat => RulePrecondition.LinearWithDistances($"{rule} ({variant.Name()})", 2, 1),
        _ => RulePrecondition.LinearWithDistances($"{rule} ({variant.Name()})", 1, 1),
    };

    public static int NeighborCount(this KrumVariant variant, int updateCount, int byzantineCount) => variant switch
    {
        KrumVariant.Blanchard2017 => updateCount - byzantineCount - 2,
        KrumVariant.ByzflCompat => updateCount - byzantineCount - 1,
        _ => Math.Max(1, updateCount - byzantineCount - 2),
    };

    public static bool SquaresDistances(this KrumVariant variant) => variant != KrumVariant.MfnV41Compat;
}
