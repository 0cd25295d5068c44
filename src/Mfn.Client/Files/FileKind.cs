namespace Mfn.Client.Files;

/// <summary>What is at a path.</summary>
internal enum FileKind
{
    Missing,
    Regular,
    Folder,

    /// <summary>A device, a pipe or a socket.</summary>
    Special,

    /// <summary>Nothing can be there.</summary>
    Unreachable,

    /// <summary>Nothing can be there: its name, or one above it, is longer than names can be.</summary>
    TooLong,
}
