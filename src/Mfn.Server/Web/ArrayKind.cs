namespace Mfn.Server.Web;

/// <summary>The numbers that an answer brings, if they can be had alone.</summary>
internal enum ArrayKind
{
    /// <summary>None, or several arrays.</summary>
    None,

    /// <summary>One field.</summary>
    Field,

    /// <summary>One vector.</summary>
    Vector,
}
