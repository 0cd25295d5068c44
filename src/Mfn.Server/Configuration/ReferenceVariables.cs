namespace Mfn.Server.Configuration;

/// <summary>The environment variables of the reference (MyceliumFractalNet 4.1), and what there is here in place of each.</summary>
internal static class ReferenceVariables
{
    private const string Keys = "API keys are in the file of Auth:ApiKeys:File, which mfn key create makes";
    private const string NoCryptography = "nothing is encrypted or signed for others here";

    private static readonly Dictionary<string, string> Replacements = new()
    {
        ["MFN_ENV"] = "set MFN_ENVIRONMENT, or --environment, to dev, staging, prod or edge",
        ["MFN_CORS_ORIGINS"] = "set MFN_Web__AllowedOrigins",
        ["MFN_API_KEY"] = Keys,
        ["MFN_API_KEYS"] = Keys,
        ["MFN_API_KEY_REQUIRED"] = "set MFN_Auth__Required",
        ["MFN_RATE_LIMIT_ENABLED"] = "quotas hold where MFN_Auth__Quotas__Identity__CellStepsPerSecond and others are set",
        ["MFN_RATE_LIMIT_REQUESTS"] = "set MFN_Auth__Quotas__Identity__CellStepsPerSecond: what counts is what a call costs, not how many there are",
        ["MFN_RATE_LIMIT_WINDOW"] = "set MFN_Auth__Quotas__Identity__BurstTime",
        ["MFN_LOG_LEVEL"] = "set MFN_Logging__LogLevel__Default",
        ["MFN_GRPC_PORT"] = "set MFN_Urls",
        ["MFN_GRPC_MAX_WORKERS"] = "set MFN_Limits__MaxConcurrentComputations",
        ["MFN_GRPC_AUTH_REQUIRED"] = "set MFN_Auth__Required",
        ["MFN_GRPC_API_KEY"] = Keys,
        ["MFN_CRYPTO_ENABLED"] = NoCryptography,
    };

    /// <summary>The variables.</summary>
    public static IReadOnlyCollection<string> Names => Replacements.Keys;

    /// <summary>What there is in place of a variable; null if the reference has none of that name.</summary>
    public static string? Find(string variable) => Replacements.GetValueOrDefault(variable.ToUpperInvariant());
}
