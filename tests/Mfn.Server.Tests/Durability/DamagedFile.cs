namespace Mfn.Server.Tests.Durability;

/// <summary>What can happen to a file.</summary>
public enum DamagedFile
{
    /// <summary>Bytes are inserted.</summary>
    Insert,

    /// <summary>Bytes are gone from the middle.</summary>
    Delete,

    /// <summary>The end is gone.</summary>
    Truncate,

    /// <summary>Bytes are zero.</summary>
    Zero,

    /// <summary>Bytes are there twice.</summary>
    Duplicate,

    /// <summary>One bit is another.</summary>
    Flip,

    /// <summary>Two ranges have changed places.</summary>
    Swap,

    /// <summary>It is as it was some time ago.</summary>
    OlderCopy,

    /// <summary>It is gone.</summary>
    Missing,

    /// <summary>There is nothing in it.</summary>
    Empty,

    /// <summary>There is a folder of its name.</summary>
    Folder,

    /// <summary>It is somewhere else, and a link leads there.</summary>
    Link,

    /// <summary>A link leads nowhere.</summary>
    DanglingLink,

    /// <summary>Somebody else uses it.</summary>
    Locked,
}
