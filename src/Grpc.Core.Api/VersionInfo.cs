namespace Grpc.Core;

/// <summary>The version of the API that this assembly offers.</summary>
public static class VersionInfo
{
    /// <summary>The version of the assembly, the same for all of 2.x.</summary>
    public const string CurrentAssemblyVersion = "2.0.0.0";

    /// <summary>The version of the file.</summary>
    public const string CurrentAssemblyFileVersion = "2.85.0.0";

    /// <summary>The version of the package.</summary>
    public const string CurrentVersion = "2.85.0";
}
