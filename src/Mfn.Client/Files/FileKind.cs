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
}
