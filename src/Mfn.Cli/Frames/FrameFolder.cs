using System.Globalization;

namespace Mfn.Cli.Frames;

/// <summary>A folder with a file a frame.</summary>
internal static class FrameFolder
{
    /// <summary>Makes the folder that an option names, unless it is there.</summary>
    /// <exception cref="BadArgumentsException">It cannot be made.</exception>
    public static string Create(string optionName, string path)
    {
        try
        {
            Directory.CreateDirectory(path);
            return path;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new BadArgumentsException($"{optionName} must be a folder: {error.Message}");
        }
    }

    /// <summary>The file of a frame, so named that an order by name is the order of the frames.</summary>
    public static string FileOf(string folder, FieldFrame frame, string extension) =>
        Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"step-{frame.Step:D10}-{frame.Revision:D4}.{extension}"));
}
