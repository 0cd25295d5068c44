namespace Mfn.Server.Web.Reference;

/// <summary>What happens to a message for which the queue of a connection has no room.</summary>
internal enum BackPressure
{
    /// <summary>It takes the place of the oldest.</summary>
    DropOldest,

    /// <summary>It is dropped.</summary>
    DropNewest,

    /// <summary>Every second message that waits is dropped, and it joins the others.</summary>
    Compress,
}
