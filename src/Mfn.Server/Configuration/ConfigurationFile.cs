using Mfn.Server.Security;

namespace Mfn.Server.Configuration;

/// <summary>The JSON file that <c>--config</c> names.</summary>
internal static class ConfigurationFile
{
    private static readonly string[] Sections =
        ["Logging", "Urls", LimitsOptions.Section, StreamingOptions.Section, RunsOptions.Section, ShutdownOptions.Section, TlsOptions.Section];

    /// <summary>Reads the file, and refuses one that would be ignored in part.</summary>
    /// <exception cref="InvalidDataException">The file is missing, is not JSON, or has a section that does not exist.</exception>
    public static void AddTo(IConfigurationBuilder configuration, string path)
    {
        IConfigurationRoot file;
        try
        {
            file = new ConfigurationBuilder().AddJsonFile(Path.GetFullPath(path), optional: false).Build();
        }
        catch (FileNotFoundException)
        {
            throw new InvalidDataException($"The configuration file '{path}' does not exist.");
        }
        catch (InvalidDataException error)
        {
            throw new InvalidDataException($"The configuration file '{path}' is not valid JSON: {error.InnerException?.Message ?? error.Message}", error);
        }

        RequireKnown(file, $"The configuration file '{path}' has");
        configuration.AddConfiguration(file);
    }

    /// <summary>Refuses settings that would be ignored in part.</summary>
    /// <exception cref="InvalidDataException">There is a section that does not exist.</exception>
    public static void RequireKnown(IConfiguration settings, string whoHas, params string[] alsoKnown)
    {
        var unknown = settings.GetChildren()
            .Select(section => section.Key)
            .Except([.. Sections, .. alsoKnown], StringComparer.OrdinalIgnoreCase)
            .ToArray();
        if (unknown.Length > 0)
        {
            throw new InvalidDataException($"{whoHas} unknown sections: {string.Join(", ", unknown)}. Known are: {string.Join(", ", Sections)}.");
        }
    }
}
