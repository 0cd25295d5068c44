namespace Mfn.Server.Storage;

/// <summary>What an entry of a directory is; a link is a link, whatever it leads to.</summary>
internal enum EntryKind
{
    Missing,
    File,
    Folder,
    Link,

    /// <summary>A device, a pipe or a socket, which to open may wait for ever.</summary>
    Special,

    /// <summary>The system does not say.</summary>
    Unknown,
}
